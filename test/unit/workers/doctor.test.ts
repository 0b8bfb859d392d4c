import { describe, expect, it } from 'vitest';
import { portsFrom } from '../../../config/load.ts';
import { checkPorts } from '../../../workers/doctor.ts';

describe('the check of ports', () => {
  it('is content with those that nobody moved', () => {
    expect(checkPorts({ ports: portsFrom(0) })).toMatchObject({ state: 'ok', fix: null });
  });

  it('names those that the kernel may hand to outgoing connections', () => {
    const { state, detail, fix } = checkPorts({ ports: portsFrom(52_000) });
    expect(state).toBe('warning');
    expect(detail).toContain('api 57000');
    expect(fix).toContain('--port-offset');
  });
});
