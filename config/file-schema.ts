import { z } from 'zod';
import { NOTIFIED_EVENTS } from '../domain/rollout/notified-events.ts';
import { ALIAS_NAME, WANTED_ALIAS } from '../domain/registry/alias.ts';
import { address } from './address-schema.ts';
import { APPROVALS_SECTION } from './approvals-schema.ts';
import { ACCESS_WATCH_SECTION, IDENTITY_SECTION } from './access-schema.ts';
import { ARTIFACTS_SECTION, KEYS_SECTION } from './storage-schema.ts';
import { MODEL_NAME, WANTED_MODEL_NAME } from '../domain/model-name.ts';

const percent = z.number().min(0).max(100);
const share = z.number().gt(0).lt(1);
const positive = z.number().gt(0);
const count = z.number().int().min(0);
const metric = z.enum(['errors', 'slow', 'scores']);
const minutes = z.number().min(0);
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/;
const modelName = z.string().regex(MODEL_NAME, { error: `wanted ${WANTED_MODEL_NAME}` });

const stepWindow = minutes
  .optional()
  .describe(
    'With `shadow` or `weight`: how long it is observed, instead of observation_window_minutes; with `header_only`: how long it lasts',
  );
const stepRequests = count
  .optional()
  .describe('With `shadow` or `weight`: requests the canary must have had, instead of minimum_requests');
const step = z.union([
  z.strictObject({
    shadow: percent.gt(0).describe('A step without users: share of requests copied to the new version, percent'),
    window_minutes: stepWindow,
    minimum_requests: stepRequests,
  }),
  z.strictObject({
    header_only: z.literal(true).describe('A step at 0 % that only the override header reaches, smoke-tested'),
    window_minutes: stepWindow,
  }),
  z.strictObject({
    weight: percent
      .gt(0)
      .describe('Share of users on the new version, percent: a multiple of 0.01, never less than before'),
    window_minutes: stepWindow,
    minimum_requests: stepRequests,
    gate: z.boolean().optional().describe('With `weight`: true waits for an approval before it'),
  }),
  z.strictObject({
    pause: z
      .union([minutes, z.literal('manual')])
      .describe('Stays at the weight before it, minutes, or `manual`: until somebody resumes'),
  }),
  z.strictObject({
    bake: minutes.describe('Last: how long the new version is watched at 100 %, instead of bake_minutes'),
  }),
]);

const canary = z.strictObject({
  initial_percentage: percent.describe('Share of users on the new version in the first step, percent'),
  max_percentage: percent.describe('Share in the last step before 100 %, percent'),
  ramp_step: percent.describe('How much the share grows from step to step, percentage points'),
  observation_window_minutes: minutes.describe('How long each step is observed after its warm-up, minutes'),
  auto_rollback: z.boolean().describe('Evidence of harm rolls back by itself; false freezes the weight and pages'),
  max_deployment_hours: positive.describe(
    'Machine time the rollout may take, hours; waiting for people is not counted',
  ),
  tick_seconds: positive.describe('Time between two looks of the judge, seconds'),
  warm_up_seconds: z.number().min(0).describe('Time after each change of weight that is not judged, seconds'),
  minimum_requests: count.describe('Requests the canary must have had in a step before the next one'),
  bake_minutes: minutes.describe('How long the new version is watched at 100 %, minutes'),
  shadow_percentage: percent.describe(
    'Share of requests copied to the new version before any user sees it, percent; 0 is no shadow step',
  ),
  header_only: z.boolean().describe('Begin with a step at 0 % that only the override header reaches, smoke-tested'),
  manual_gates: z.array(percent).describe('Weights that wait for an approval before they are entered, percent'),
  on_in_flight: z.enum(['refuse', 'supersede']).describe('What a start does while another version is being rolled out'),
  shadow_minimum_overlap: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      'Overlap of what both versions retrieve in a shadow step, 0 to 1: evidence that it is lower is a breach, and the step needs evidence that it is higher; null only shows it',
    ),
  steps: z
    .array(step)
    .nullable()
    .describe(
      'Explicit steps instead of initial_percentage, ramp_step and max_percentage; each has one of `shadow`, `header_only`, `weight`, `pause` and `bake`',
    ),
});

const noise = z.strictObject({
  kinds: z
    .array(
      z.strictObject({
        fast_sd_log: z
          .number()
          .min(0)
          .max(3)
          .describe('Standard deviation of tick-to-tick noise of the log rate ratio, natural log units'),
        burst_share: z.number().min(0).lt(1).describe("Share of the time an arm's rate is away from its level"),
        burst_mean_minutes: z.number().min(1).describe('Mean length of a burst, minutes'),
        burst_full_events_per_tick: positive.describe('Mean events per tick at which the whole burst share applies'),
      }),
    )
    .min(1)
    .max(5),
  burst_range_log: z.number().min(0).max(3).describe('Largest burst, natural log of the factor; a multiple of 0.2'),
  event_cap_per_tick: positive.describe('No tick counts for more events than this'),
});

const judge = z.strictObject({
  max_error_rate: share.describe(
    'Ceiling of the error rate; the stricter of this and alert_thresholds.error_rate holds',
  ),
  error_budget: share.describe('Accepted chance of rolling a healthy version back, per release'),
  non_inferiority_ratio: z
    .number()
    .gt(1)
    .describe(
      'Promotion needs evidence that rates are below this multiple of the control: 1.22, 1.49, 1.82, 2.23, ...',
    ),
  score_margin: share.describe('Promotion needs evidence that mean quality is not lower by more than this'),
  absolute_tolerance: z
    .strictObject({ errors: share, slow: share })
    .describe('Rates below which a version is good enough whatever the control does'),
  required_metrics: z.array(metric).min(1).describe('Metrics without whose positive evidence nothing is promoted'),
  slow_action: z.enum(['hold', 'rollback']).describe('What evidence of slowness does'),
  dry_run_metrics: z.array(metric).describe('Metrics that are shown and never decide'),
  noise: z
    .string()
    .describe(
      'Name of the noise assumption: default, quiet, long-bursts, tall-bursts, sparse-bursts, or one of noise_assumptions',
    ),
  minimum_success_rate: share.describe('A success rate below this opens an incident'),
  response_time_degradation_percent: z
    .number()
    .min(0)
    .describe('Responses slower than the p95 of the stable version by more than this count as slow, percent'),
  response_time_floor_ms: positive.describe('Responses faster than this never count as slow, milliseconds'),
});

const fitted = z.strictObject({
  rate: share,
  fast_cv: z.number().min(0),
  bursts: z.strictObject({ factor: z.number().gt(1), mean_minutes: positive, share }).nullable(),
  drift: z.number().min(1),
});

const model = z.strictObject({
  noise: z.union([z.string(), noise]).optional().describe('Noise assumption of this model, by name or in full'),
  calibration: z
    .strictObject({
      armed: z
        .boolean()
        .optional()
        .describe('false: evidence of errors and slowness holds and pages, never rolls back'),
      fitted_at: z.string().optional(),
      ticks: count.optional(),
      source: z.string().optional(),
      false_rollbacks_at_most: share.optional(),
      fitted: z.partialRecord(z.enum(['errors', 'slow']), fitted).optional(),
    })
    .optional(),
});

const webhook = z.strictObject({
  url: address.describe('Where it is sent'),
  secret_file: z.string().min(1).describe('File with the secret shared with the receiver'),
  events: z
    .union([z.literal('all'), z.array(z.enum(NOTIFIED_EVENTS))])
    .describe('all, or a list of events: docs/reference/webhooks.md'),
});

/** config/deployment.yaml */
export const DEPLOYMENT_FILE = z.strictObject({
  canary: canary.describe('The course of a rollout'),
  profiles: z.record(z.string(), canary.partial()).describe('Named sets of changes to `canary`'),
  judge: judge.describe('How a new version is judged'),
  noise_assumptions: z
    .record(z.string(), noise)
    .describe('Noise assumptions of your own, by name; `mlops rollout calibrate` tries them too'),
  models: z
    .record(modelName, model)
    .describe(
      'What differs from model to model: `noise`, and `calibration` as `mlops rollout calibrate --write` writes it; `calibration.armed` (true unless it says false) lets evidence roll back by itself',
    ),
  health: z
    .strictObject({
      interval_seconds: positive,
      timeout_seconds: positive,
      failures: z.number().int().min(1),
      out_of: z.number().int().min(1),
      path: z.string().startsWith('/'),
      expect: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    })
    .describe('Health probes of both versions'),
  resources: z
    .strictObject({ alert_at_percent_of_limit: percent.gt(0) })
    .describe('Share of its memory or CPU limit above which a service alarms: docs/reference/health-endpoint.md'),
  targets: z.record(modelName, z.record(z.string(), address)).describe('Base URLs by model and version'),
  allowed_hosts: z
    .array(z.string().regex(HOST_NAME, { error: 'wanted a host name in lower case, without scheme and port' }))
    .describe('Names, beside localhost and addresses, under which the API and the admin API of the gateway are called'),
  endpoint_allow_list: z.array(z.string().min(1)).min(1).describe('Hosts a rollout may send traffic and probes to'),
  gateway: z
    .strictObject({
      url: address.nullable().describe('Base URL of a gateway that runs elsewhere; null: the one of this project'),
      admin_url: address.nullable().describe('Base URL of its admin API'),
      token_file: z
        .string()
        .min(1)
        .nullable()
        .describe('File with the token of the admin API; null: the one in .mlops'),
      listen_host: z.string().min(1).describe('Address the proxy of this project listens on'),
      admin_listen_host: z.string().min(1).describe('Address its admin API listens on'),
      user_header: z.string().min(1),
      user_cookie: z.string().min(1),
      override_header: z.string().min(1),
      request_timeout_seconds: positive,
    })
    .describe('The built-in gateway'),
  notifications: z.strictObject({ webhooks: z.array(webhook) }).describe('Who is told, by signed webhooks'),
});

/** config/monitoring.yaml */
export const MONITORING_FILE = z.strictObject({
  model_name: modelName.describe('Model that commands are about when none is named'),
  drift_detection_enabled: z.boolean(),
  alert_thresholds: z
    .strictObject({ error_rate: share, response_time_p95: positive, psi_score: positive })
    .describe('response_time_p95 in milliseconds'),
  monitoring_interval_seconds: positive,
  baseline_window_days: positive,
});

/** config/governance.yaml */
export const GOVERNANCE_FILE = z.strictObject({
  audit: z
    .strictObject({
      read_sample_percent: z
        .number()
        .min(0)
        .max(100)
        .describe(
          'Share of queries of the ledger and readings of the registry, of approvals, identities and holds that are an event themselves; exports and opened payloads always are',
        ),
    })
    .describe('What is written down of who looks at evidence, the registry, approvals or identities'),
  identity: IDENTITY_SECTION,
  registry: z
    .strictObject({
      protected_aliases: z
        .array(z.string().regex(ALIAS_NAME, { error: `wanted ${WANTED_ALIAS}` }))
        .describe('Aliases that are moved with an approval only, beside `production` and `champion`, which always are'),
      webhook_hosts: z
        .array(z.string().min(1))
        .describe(
          'Hosts that webhooks of the MLflow protocol may be sent to; none: no webhook can be made. An address that is not public must be listed itself, also where a host is listed that means it',
        ),
    })
    .describe('Rules of the model registry'),
  approvals: APPROVALS_SECTION,
  access_watch: ACCESS_WATCH_SECTION,
  keys: KEYS_SECTION,
  artifacts: ARTIFACTS_SECTION,
});

export type GovernanceFile = z.infer<typeof GOVERNANCE_FILE>;
export type DeploymentFile = z.infer<typeof DEPLOYMENT_FILE>;
export type MonitoringFile = z.infer<typeof MONITORING_FILE>;
export type CanaryFile = z.infer<typeof canary>;
export type StepFile = z.infer<typeof step>;
export type ModelFile = z.infer<typeof model>;
