// A real browser, driven by its DevTools protocol: no package is needed for the little that is asked of it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './stack.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium is; null on machines without one, which none of CI's may be. */
export const CHROMIUM = findChromium();

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

export interface BrowserPage {
  goto(url: string): Promise<void>;
  /** What an expression comes to in the page. */
  read<T>(expression: string): Promise<T>;
  /** Waits until an expression is true in the page. */
  until(expression: string): Promise<void>;
  /** Types as a keyboard does: text, or one of Tab, Enter, Space. */
  press(...keys: readonly string[]): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** What the browser complained of: refused scripts, styles, errors. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, with what was sent as referrer. */
  readonly requests: readonly { readonly url: string; readonly referer: string | null }[];
}

const KEYS: Readonly<Record<string, { key: string; code: string; windowsVirtualKeyCode: number; text?: string }>> = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
};

/** Starts a browser without a window. */
export async function startBrowser(binary: string) {
  const profile = await mkdtemp(join(tmpdir(), 'mlops-chromium-'));
  const child = spawn(
    binary,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const address = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the browser ended with ${code}`)));
    createInterface(child.stderr).on('line', (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const socket = new WebSocket(address);
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const waiting = new Map<number, (answer: Answer) => void>();
  const listeners: ((event: Answer & { sessionId?: string }) => void)[] = [];
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id === undefined) for (const listener of listeners) listener(answer);
    else waiting.get(answer.id)?.(answer);
  });
  let last = 0;
  const send = async (method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const answer = await new Promise<Answer>((resolve) => waiting.set(id, resolve));
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result ?? {};
  };
  return {
    async open(size: { readonly width: number; readonly height: number }): Promise<BrowserPage> {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = (await send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
      const ask = async (method: string, params: object = {}) => await send(method, params, sessionId);
      const complaints: string[] = [];
      const requests: { url: string; referer: string | null }[] = [];
      listeners.push(({ method, params = {}, sessionId: of }) => {
        if (of !== sessionId) return;
        if (method === 'Log.entryAdded') complaints.push((params['entry'] as { text: string }).text);
        if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params));
        if (method !== 'Network.requestWillBeSent') return;
        const { headers, url } = params['request'] as { url: string; headers: Record<string, string> };
        requests.push({ url, referer: headers['Referer'] ?? null });
      });
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await ask(`${domain}.enable`);
      await ask('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 2, mobile: size.width < 600 });
      const read = async <T>(expression: string): Promise<T> => {
        const { result, exceptionDetails } = (await ask('Runtime.evaluate', {
          expression,
          returnByValue: true,
          awaitPromise: true,
        })) as {
          result: { value: T };
          exceptionDetails?: { text: string };
        };
        if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
        return result.value;
      };
      return {
        complaints,
        requests,
        read,
        goto: async (url) => void (await ask('Page.navigate', { url })),
        until: async (expression) =>
          void (await until(
            async () => await read<unknown>(expression).catch(String),
            (value) => value === true,
            15_000,
          )),
        press: async (...keys) => {
          for (const key of keys) {
            const known = KEYS[key];
            if (known === undefined) await ask('Input.insertText', { text: key });
            else for (const type of ['keyDown', 'keyUp']) await ask('Input.dispatchKeyEvent', { type, ...known });
          }
        },
        screenshot: async () => {
          const { data } = (await ask('Page.captureScreenshot', { captureBeyondViewport: true })) as { data: string };
          return Buffer.from(data, 'base64');
        },
      };
    },
    close: async () => {
      socket.close();
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function findChromium(): string | null {
  const found = [process.env['CHROMIUM'] ?? '', ...PLACES].find((file) => file !== '' && existsSync(file));
  if (found === undefined && (process.env['CI'] ?? '') !== '')
    throw new Error(`CI has no browser, wanted one of ${PLACES.join(', ')}, or its place in CHROMIUM`);
  return found ?? null;
}
