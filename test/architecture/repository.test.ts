import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOG } from '../../client/cli/catalog.ts';
import { optionsOf } from '../../client/cli/common-options.ts';
import { portsFrom } from '../../config/load.ts';
import { ERRORS } from '../../domain/errors.ts';
import { assembleReferences } from '../../tools/references.ts';
import { OFFSETS } from '../support/offsets.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .stdout.split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const SOURCES = FILES.filter((file) =>
  /^(domain|workflows|activities|adapters|workers|client|config)\/.*\.ts$/.test(file),
);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('generated references', () => {
  it.each(Object.entries(assembleReferences()))('%s is current (npm run generate)', (path, text) => {
    expect(read(path)).toBe(text);
  });
});

describe('the stacks of tests', () => {
  it('share no port', () => {
    const ports = Object.values(OFFSETS).flatMap((offset) => Object.values(portsFrom(offset)));
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.max(...ports), 'below the ephemeral ports').toBeLessThan(32_768);
  });
});

describe('the repository', () => {
  it('has no source file above 300 lines', () => {
    expect(SOURCES.filter((file) => read(file).split('\n').length > 300)).toEqual([]);
  });

  it('throws every error code somewhere', () => {
    const all = SOURCES.filter((file) => !file.startsWith('domain/errors/'))
      .map(read)
      .join('\n');
    expect(Object.keys(ERRORS).filter((code) => !all.includes(`'${code}'`))).toEqual([]);
  });

  it('names no host in the lock file', () => {
    expect(read('package-lock.json')).not.toMatch(
      /"resolved"|https?:\/\/(?!.*(github|opencollective|tidelift|paypal|patreon|ko-fi|feross|npmjs\.com\/~|funding|sponsor|donate))[a-z]+\.[a-z]+\/.*\.tgz/,
    );
  });

  it('names no path of a machine', () => {
    const texts = FILES.filter(
      (file) =>
        /\.(ts|md|json|yaml|yml|sql|sh|mod)$|Makefile|run$/.test(file) &&
        file !== 'package-lock.json' &&
        !file.endsWith('repository.test.ts'),
    );
    expect(texts.filter((file) => /\/(root|home\/[a-z]+|work)\//.test(read(file)))).toEqual([]);
  });

  it('has only links that lead somewhere', () => {
    const broken = FILES.filter((file) => file.endsWith('.md')).flatMap((file) => {
      const links = [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map((match) => match[1] ?? '');
      return links.filter((link) => !existsSync(join(ROOT, dirname(file), link))).map((link) => `${file}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});

describe('commands in the documentation', () => {
  const lines = FILES.filter((file) => file.endsWith('.md')).flatMap((file) =>
    [...read(file).matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) =>
      (match[1] ?? '').split('\n').map((line) => ({
        file,
        line: line
          .replace(/^\$ /, '')
          .replace(/^([A-Z_]+=\S+ )+/, '')
          .replace(/#.*$/, '')
          .trim(),
      })),
    ),
  );

  it('of mlops exist, with their options', () => {
    const wrong = lines.filter(({ line }) => /^(bin\/)?mlops /.test(line)).filter(({ line }) => !isKnown(line));
    expect(wrong).toEqual([]);
  });

  it('of remedies exist, with their options', () => {
    const remedies = Object.values(ERRORS).flatMap(({ remedy }) => remedy.match(/`mlops [^`]*`/g) ?? []);
    expect(remedies.length).toBeGreaterThan(10);
    expect(remedies.filter((command) => !isKnown(command.replaceAll('`', '')))).toEqual([]);
  });

  it('of make exist', () => {
    const targets = new Set(
      [...read('Makefile').matchAll(/^([a-z][a-z -]*):/gm)].flatMap((match) => (match[1] ?? '').split(' ')),
    );
    const wrong = lines
      .filter(({ line }) => line.startsWith('make '))
      .filter(({ line }) => !targets.has(line.split(' ')[1] ?? ''));
    expect(wrong).toEqual([]);
  });
});

describe('make help', () => {
  it('lists every target', () => {
    const { stdout } = spawnSync('make', ['help'], { cwd: ROOT, encoding: 'utf8' });
    for (const target of [
      'test',
      'mlops-setup',
      'mlops-status',
      'mlops-demo',
      'mlops-register',
      'mlops-deploy',
      'mlops-canary-deploy',
      'mlops-rollback',
      'mlops-monitor',
      'mlops-drift-check',
      'mlops-pipeline',
      'mlops-audit',
      'mlops-governance-report',
      'mlops-clean',
      'validate-environment',
      'benchmark-quality',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${target} `, 'm'));
  });

  it('passes a model on that was given, also an empty one, and has one when none was', () => {
    const commandOf = (...given: string[]) => {
      const { MODEL_NAME: _, ...env } = process.env;
      return spawnSync('make', ['-n', 'mlops-rollback', ...given], { cwd: ROOT, encoding: 'utf8', env }).stdout;
    };
    expect(commandOf()).toContain("mlops rollback 'rag_api'");
    expect(commandOf('MODEL_NAME=')).toContain("mlops rollback ''");
    expect(commandOf('MODEL_NAME=m n')).toContain("mlops rollback 'm n'");
  });

  it('registers and promotes what is named, as the manifest says', () => {
    // -n alone: a target that is really run installs packages first.
    const { MODEL_NAME: _, MODEL_VERSION: __, ...env } = process.env;
    const commandsOf = (...args: string[]) =>
      spawnSync('make', ['-n', ...args], { cwd: ROOT, encoding: 'utf8', env }).stdout;
    const named = ['MODEL_NAME=other', 'MODEL_VERSION=1.2.0'];
    expect(commandsOf('mlops-register', ...named)).toContain(
      "mlops model register 'other' '1.2.0' --file 'examples/models/rag_api.yaml'",
    );
    // What is not named is what the manifest says: a name would go before it, for good.
    expect(commandsOf('mlops-register', 'MANIFEST=x.yaml')).toContain("mlops model register '' '' --file 'x.yaml'");
    expect(commandsOf('mlops-promote', ...named)).toContain("mlops model promote 'other' '1.2.0'");
  });

  it('says of what is not there yet that it is not, and exits 2', () => {
    const { status, stderr } = spawnSync('make', ['mlops-monitor'], { cwd: ROOT, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('not there yet');
  });
});

/** Whether a line names a verb there is, options it has, and no more arguments than it takes. */
function isKnown(line: string): boolean {
  const words = (line.replace(/^bin\//, '').match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? ([] as string[])).slice(1);
  const spec =
    CATALOG.find(({ name }) => name === words.slice(0, 2).join(' ')) ?? CATALOG.find(({ name }) => name === words[0]);
  if (spec === undefined) return false;
  const options = optionsOf(spec);
  const rest = words.slice(spec.name.split(' ').length);
  let positional = 0;
  for (let i = 0; i < rest.length; i += 1) {
    const word = rest[i] ?? '';
    if (/^[|>&<]/.test(word)) break;
    if (!word.startsWith('-')) positional += 1;
    else {
      const [flag] = word.split('=');
      const option = options.find(({ flags }) => (flags.match(/--?[a-z-]+/g) ?? ([] as string[])).includes(flag ?? ''));
      if (option === undefined) return false;
      if (option.flags.includes('<') && !word.includes('=')) i += 1;
    }
  }
  return positional <= (spec.arguments?.length ?? 0);
}
