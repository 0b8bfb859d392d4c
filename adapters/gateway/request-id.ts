import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Arm } from '../../domain/rollout/assign-arm.ts';

/** Who answered a request: carried in its id, so that feedback that comes later finds its arm. */
export interface Origin {
  readonly model: string;
  readonly arm: Arm;
  readonly version: string;
  /** The arm was chosen by the override header: not a fair sample. */
  readonly forced: boolean;
}

/** Request ids that nobody else can make. They outlive a restart of the gateway, since the key is in a file. */
export function createRequestIds(key: string) {
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url').slice(0, 16);
  return {
    make({ model, arm, version, forced }: Origin): string {
      const fields = [
        arm === 'canary' ? 'c' : 's',
        forced ? 'f' : 'r',
        encode(model),
        encode(version),
        randomBytes(9).toString('base64url'),
      ];
      const text = fields.join('.');
      return `${text}.${sign(text)}`;
    },

    /** Null for an id that this gateway did not make. */
    read(id: string): Origin | null {
      const at = id.lastIndexOf('.');
      const text = id.slice(0, Math.max(at, 0));
      const [given, wanted] = [Buffer.from(id.slice(at + 1)), Buffer.from(sign(text))];
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
      const [arm, forced, model = '', version = ''] = text.split('.');
      return {
        arm: arm === 'c' ? 'canary' : 'stable',
        forced: forced === 'f',
        model: decode(model),
        version: decode(version),
      };
    },
  };
}

export type RequestIds = ReturnType<typeof createRequestIds>;

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}
