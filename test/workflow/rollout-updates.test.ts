import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authorisation } from '../../activities/authorise.ts';
import { openTheatre, statementOf as formOf, type RolloutTheatre, type Scene } from '../support/rollout-workflow.ts';

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

it('a promotion is refused while another is carried out: none is lost', async () => {
  let isWriting = false;
  const record = async ({ event }: { event: string }): Promise<void> => {
    if (event !== 'overridden') return;
    isWriting = true;
    await sleep(1500);
  };
  const hours = { windowMinutes: 600 };
  const scene = await theatre.start(
    [20, 50, 80].map((weight) => ({ weight, ...hours })),
    {},
    { record },
  );
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 20);
  await scene.act('promote', { full: false });
  await scene.until(() => isWriting);
  await expect(scene.act('promote', { full: true })).rejects.toThrow(
    'promote refused: a promotion by ann is being carried out',
  );
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  await scene.act('abort');
  expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
  expect(scene.weights).toEqual([20, 50, 0]);
});

it('what a person did stands before what follows from it, however long its time is looked up', async () => {
  let isLooking = false;
  const look = async (): Promise<object> => {
    isLooking = true;
    await sleep(1500);
    return {};
  };
  const scene = await theatre.start(
    [{ weight: 50, windowMinutes: 0.01 }, { pause: 'manual' }],
    {},
    { clock: async () => await sleep(3000) },
  );
  await scene.until(({ waitingFor }) => waitingFor?.kind === 'pause-step');
  Object.assign(scene.world, { look });
  await scene.until(() => isLooking);
  await scene.act('resume');
  await scene.until(({ outcome }) => outcome !== null, 40_000);
  const order = scene.events.map(({ event }) => event).filter((event) => event.startsWith('resume'));
  expect(order).toEqual(['resume', 'resumed']);
});

it('updates of another shape are refused, and change nothing', async () => {
  const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }]);
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  for (const [verb, input, words] of [
    ['pause', { actor: '' }, 'nobody is named as actor'],
    ['pause', { reason: 5 }, 'its reason is a number, wanted text'],
    ['abort', { reason: null }, 'its reason is null, wanted text'],
    ['promote', { full: 'no' }, 'its full is a string, wanted true or false'],
    ['promote', {}, 'its full is missing, wanted true or false'],
  ] as const)
    await expect(scene.act(verb, input), `${verb} ${JSON.stringify(input)}`).rejects.toThrow(
      `${verb} refused: ${words}`,
    );
  expect(await scene.status()).toMatchObject({ phase: 'canary', intendedWeightPercent: 50, outcome: null });
  await scene.act('abort', { reason: '' });
  expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
});

it('what somebody does says where they did it, down to the end that it brings; what the rollout does says nothing', async () => {
  const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }]);
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  const [phone, desk] = [{ address: '198.51.100.7' }, { host: 'desk' }];
  await scene.act('pause', { source: phone });
  await scene.act('resume');
  await scene.act('abort', { source: desk });
  expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
  const from = scene.events.map((entry) => [entry.event, (entry as { source?: object }).source]);
  // Weights may be written before or after what people did: the rollout acts meanwhile.
  const isWeight = ([event]: readonly unknown[]): boolean => event === 'weight-set';
  expect(from.filter(isWeight).every(([, source]) => source === undefined)).toBe(true);
  expect(from.filter((entry) => !isWeight(entry))).toEqual([
    ['started', undefined],
    ['pause', phone],
    ['resume', undefined],
    ['abort', desk],
    ['aborted', desk],
  ]);
  expect(scene.closed).toMatchObject([{ source: desk }]);
});

const BEN = 'principal:00000000000000be';

const statementOf = (model: string, action: string) => formOf(model, action, BEN, 'dev');

describe('an update that says who sends it', () => {
  const modelOf = async (scene: Scene): Promise<string> => (await scene.status()).model;

  it('is looked at before it counts, with all that was sent', async () => {
    const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }]);
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const statement = statementOf(await modelOf(scene), 'promote');
    const source = { host: 'desk' };
    await scene.act('promote', { actor: BEN, statement, full: false, source });
    const [asked] = scene.asked;
    expect(asked).toMatchObject({ action: 'rollout.promote', content: { reason: 'because', full: false, source } });
    expect(asked?.occasion).toMatch(/^rollout\/dev\/m\d+\/.+\/.+/);
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(scene.events).toContainEqual(expect.objectContaining({ event: 'promote', actor: BEN }));
  });

  it('is refused when who looks says no, when nobody can look, and when nobody signed for a principal', async () => {
    let answer: () => Promise<Authorisation> = async () =>
      await Promise.resolve({ allowed: false, code: 'NOT_AUTHORISED', problem: 'ben may not' });
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 600 }],
      {},
      { authorise: async () => await answer() },
    );
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const statement = statementOf(await modelOf(scene), 'pause');
    await expect(scene.act('pause', { actor: BEN, statement })).rejects.toThrow('pause refused: ben may not');
    answer = async () => await Promise.reject(new Error('the database is away'));
    await expect(scene.act('pause', { actor: BEN, statement })).rejects.toThrow('nobody could look who asks');
    await expect(scene.act('pause', { actor: BEN })).rejects.toThrow(`it is not signed by ${BEN}`);
    await expect(scene.act('pause', { actor: 'ann', statement })).rejects.toThrow(`it is signed by ${BEN}, not by ann`);
    await expect(scene.act('abort', { actor: BEN, statement })).rejects.toThrow('it is for rollout.pause');
    expect(await scene.status()).toMatchObject({ phase: 'canary', outcome: null });
    await scene.act('abort');
    await scene.result();
  });

  it('is refused when what it is for has passed while somebody looked', async () => {
    let isAsked = false;
    let letGo: () => void = () => undefined;
    const looking = new Promise<void>((resolve) => (letGo = resolve));
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 600 }],
      {},
      {
        authorise: async () => {
          isAsked = true;
          await looking;
          return { allowed: true };
        },
      },
    );
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
    const statement = statementOf(await modelOf(scene), 'pause');
    const paused = scene.act('pause', { actor: BEN, statement }).catch(String);
    await scene.until(() => isAsked);
    await scene.act('pause');
    letGo();
    expect(await paused).toContain('pause refused: already paused by ann');
    await scene.act('abort');
    await scene.result();
  });
});
