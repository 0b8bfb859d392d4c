import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDataKey } from '../../adapters/crypto/envelope.ts';
import { createFileWrappingKeys } from '../../adapters/crypto/file-wrapping-keys.ts';
import { ensureLedgerKeys, wrappingFileOf } from '../../adapters/crypto/ledger-keys.ts';
import { openWrappingKeys } from '../../adapters/crypto/open-wrapping-keys.ts';
import { createVaultClient } from '../../adapters/crypto/vault-client.ts';
import { portsFrom } from '../../config/load.ts';
import type { VaultConfig } from '../../config/schema.ts';
import { OFFSETS } from '../support/offsets.ts';
import { findOpenBao, startOpenBao, type OpenBao } from '../support/open-bao.ts';
import { itKeepsKeys } from '../support/wrapping-keys-contract.ts';

const ORDER = { origin: 'log/dev', subject: 'principal:1' };
const program = await findOpenBao();
if (program === null) process.stdout.write('OpenBao cannot be had here: keys in Vault are not tested\n');

describe.skipIf(program === null)('wrapping keys in Vault (OpenBao)', () => {
  let server: OpenBao;
  let made = 0;
  const vaultOf = (key: string, changes: Partial<VaultConfig> = {}): VaultConfig => ({
    address: server.address,
    mount: 'transit',
    key,
    tokenFile: null,
    namespace: null,
    ...changes,
  });
  const open = (vault: VaultConfig, state = '/nowhere', token = server.token) =>
    openWrappingKeys({ stateDirectory: state, keys: { provider: 'vault', vault } }, { VAULT_TOKEN: token });
  const newKey = async (): Promise<string> => {
    made += 1;
    await server.call('POST', `transit/keys/mlops-${made}`);
    return `mlops-${made}`;
  };

  beforeAll(async () => {
    server = await startOpenBao(program ?? '');
  });
  afterAll(async () => await server.stop());

  itKeepsKeys(async () => {
    const key = await newKey();
    return { open: () => open(vaultOf(key)), prepareNext: async () => await Promise.resolve() };
  });

  it('open what the file wrapped before, as long as it is there, and wrap it anew', async () => {
    const state = mkdtempSync(join(tmpdir(), 'mlops-keys-'));
    await ensureLedgerKeys(state, 'dev');
    const key = newDataKey();
    const before = await createFileWrappingKeys(state)
      .dataKeys('ledger_key')
      .wrap({ ...ORDER, key });
    const name = await newKey();
    const anew = await open(vaultOf(name), state)
      .dataKeys('ledger_key')
      .rewrap({ ...ORDER, ...before });
    expect(anew.wrappingKey).toBe(`vault:${name}:v1`);
    rmSync(wrappingFileOf(state));
    const keys = open(vaultOf(name), state).dataKeys('ledger_key');
    expect(await keys.unwrap({ ...ORDER, ...anew })).toEqual(key);
    await expect(keys.unwrap({ ...ORDER, ...before })).rejects.toMatchObject({ code: 'LEDGER_KEY_UNREADABLE' });
  });

  it('are wrapped anew by the server, which does not show the key', async () => {
    const name = await newKey();
    await server.call('POST', 'sys/policies/acl/rewrap-only', {
      policy: `path "transit/rewrap/${name}" { capabilities = ["update"] }`,
    });
    const { body } = await server.call('POST', 'auth/token/create', { policies: ['rewrap-only'] });
    const token = (JSON.parse(body) as { auth: { client_token: string } }).auth.client_token;
    const wrapped = await open(vaultOf(name))
      .dataKeys('artifact')
      .wrap({ ...ORDER, key: newDataKey() });
    await server.call('POST', `transit/keys/${name}/rotate`);
    const keys = open(vaultOf(name), '/nowhere', token).dataKeys('artifact');
    expect((await keys.rewrap({ ...ORDER, ...wrapped })).wrappingKey).toBe(`vault:${name}:v2`);
    await expect(keys.unwrap({ ...ORDER, ...wrapped })).rejects.toMatchObject({ code: 'KEY_SERVICE_UNREACHABLE' });
  });

  it('take the token of a file as it is at each use', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlops-token-')), 'token');
    const keys = open(vaultOf(await newKey(), { tokenFile: file }));
    await expect(keys.active()).rejects.toThrow(/there is no token in/);
    writeFileSync(file, `${server.token}\n`);
    expect(await keys.active()).toMatch(/:v1$/);
  });

  it('say what is wrong: no token, a wrong one, no key, no server', async () => {
    const name = await newKey();
    await expect(open(vaultOf(name), '/nowhere', '').active()).rejects.toThrow(/VAULT_TOKEN is not set/);
    await expect(open(vaultOf(name), '/nowhere', 'wrong').active()).rejects.toMatchObject({
      code: 'KEY_SERVICE_UNREACHABLE',
      message: expect.stringMatching(/permission denied/),
    });
    await expect(open(vaultOf('none')).active()).rejects.toMatchObject({
      code: 'WRAPPING_KEYS_INVALID',
      message: expect.stringMatching(/there is no key none/),
    });
    const away = vaultOf(name, { address: `http://127.0.0.1:${portsFrom(OFFSETS.nothing).api}` });
    await expect(open(away).active()).rejects.toMatchObject({
      code: 'KEY_SERVICE_UNREACHABLE',
      message: expect.stringMatching(/nobody answers at/),
    });
    await expect(open(vaultOf(name)).addWaiting()).rejects.toMatchObject({ code: 'KEY_ROTATION_REFUSED' });
  });

  it('say that the server is sealed', async () => {
    const name = await newKey();
    await server.call('POST', 'sys/seal');
    await expect(open(vaultOf(name)).active()).rejects.toMatchObject({
      code: 'KEY_SERVICE_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(/sealed/),
    });
  });
});

describe('a client of Vault', () => {
  it('asks again when the server cannot answer now, and gives the token to no other server', async () => {
    const seen: string[] = [];
    const statuses = [500, 429, 200, 307];
    const server = createServer((request, response) => {
      seen.push(
        `${request.url ?? ''} ${String(request.headers['x-vault-token'])} ${String(request.headers['x-vault-namespace'])}`,
      );
      const status = statuses.shift() ?? 200;
      response.writeHead(status, { location: '/v1/elsewhere' }).end('{"data":{"ok":1}}');
    }).listen(0);
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createVaultClient(
      { address, mount: 'transit', tokenFile: null, namespace: 'team' },
      { VAULT_TOKEN: 't' },
    );
    try {
      expect(await client.call('GET', 'keys/a')).toEqual({ isOk: true, data: { ok: 1 } });
      expect(seen).toEqual(Array.from({ length: 3 }, () => '/v1/transit/keys/a t team'));
      statuses.splice(0, 1, 307, 307, 307, 307);
      await expect(client.call('GET', 'keys/b')).rejects.toMatchObject({ code: 'KEY_SERVICE_UNREACHABLE' });
      expect(seen.join()).not.toContain('elsewhere');
    } finally {
      server.close();
    }
  });
});
