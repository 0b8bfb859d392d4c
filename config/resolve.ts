import { join, resolve } from 'node:path';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import type { ApprovalTerms } from '../domain/registry/approval/request.ts';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../domain/rollout/judge/noise.ts';
import type { CanaryFile, DeploymentFile, GovernanceFile, ModelFile, MonitoringFile, StepFile } from './file-schema.ts';
import { mergeValues } from './layers.ts';
import type { CanaryConfig, DeploymentConfig, MlopsConfig, ModelConfig, StepConfig } from './schema.ts';

const HOUR_SECONDS = 3600;
const PRODUCTION = 'production';

/** deployment.yaml after checking, with the names used inside. */
export function resolveDeployment(file: DeploymentFile): DeploymentConfig {
  const profiles = Object.entries({ default: {}, ...file.profiles }).map(([name, changes]) => [
    name,
    resolveCanary(mergeValues(file.canary, changes) as CanaryFile),
  ]);
  const { judge, health, gateway } = file;
  return {
    profiles: Object.fromEntries(profiles) as Record<string, CanaryConfig>,
    judge: {
      maxErrorRate: judge.max_error_rate,
      errorBudget: judge.error_budget,
      nonInferiorityRatio: judge.non_inferiority_ratio,
      scoreMargin: judge.score_margin,
      absoluteTolerance: judge.absolute_tolerance,
      requiredMetrics: judge.required_metrics,
      slowAction: judge.slow_action,
      dryRunMetrics: judge.dry_run_metrics,
      noise: judge.noise,
      minimumSuccessRate: judge.minimum_success_rate,
      responseTimeDegradationPercent: judge.response_time_degradation_percent,
      responseTimeFloorMs: judge.response_time_floor_ms,
    },
    noiseAssumptions: { ...NOISE_ASSUMPTIONS, ...resolveNoise(file.noise_assumptions) },
    models: Object.fromEntries(Object.entries(file.models).map(([name, model]) => [name, resolveModel(model)])),
    health: {
      intervalSeconds: health.interval_seconds,
      timeoutSeconds: health.timeout_seconds,
      failures: health.failures,
      outOf: health.out_of,
      path: health.path,
      expect: health.expect,
    },
    resources: { alertAtPercentOfLimit: file.resources.alert_at_percent_of_limit },
    targets: file.targets,
    allowedHosts: file.allowed_hosts,
    endpointAllowList: file.endpoint_allow_list,
    webhooks: file.notifications.webhooks.map(({ url, secret_file, events }) => ({
      url,
      secretFile: secret_file,
      events,
    })),
    gateway: {
      url: gateway.url,
      adminUrl: gateway.admin_url,
      tokenFile: gateway.token_file,
      listenHost: gateway.listen_host,
      adminListenHost: gateway.admin_listen_host,
      userHeader: gateway.user_header.toLowerCase(),
      userCookie: gateway.user_cookie,
      overrideHeader: gateway.override_header.toLowerCase(),
      requestTimeoutSeconds: gateway.request_timeout_seconds,
    },
  };
}

/** Where the gateway is reached: elsewhere when its URLs are set, else on this machine. */
export function resolveGateway(
  { gateway }: DeploymentConfig,
  place: Pick<MlopsConfig, 'root' | 'stateDirectory' | 'ports'>,
): MlopsConfig['gateway'] {
  const { ports, root, stateDirectory } = place;
  return {
    url: gateway.url ?? `http://${reachable(gateway.listenHost)}:${ports.gateway}`,
    adminUrl: gateway.adminUrl ?? `http://${reachable(gateway.adminListenHost)}:${ports.gatewayAdmin}`,
    tokenFile: gateway.tokenFile === null ? join(stateDirectory, 'gateway', 'token') : resolve(root, gateway.tokenFile),
    isElsewhere: gateway.adminUrl !== null,
  };
}

/** An address to call a server by that listens on `host`: all interfaces includes loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** monitoring.yaml after checking, with the names used inside. */
export function resolveMonitoring(file: MonitoringFile): MlopsConfig['monitoring'] {
  return {
    modelName: file.model_name,
    driftDetectionEnabled: file.drift_detection_enabled,
    alertThresholds: {
      errorRate: file.alert_thresholds.error_rate,
      responseTimeP95Ms: file.alert_thresholds.response_time_p95,
      psiScore: file.alert_thresholds.psi_score,
    },
    monitoringIntervalSeconds: file.monitoring_interval_seconds,
    baselineWindowDays: file.baseline_window_days,
  };
}

/** governance.yaml after checking, with the names used inside, as it holds in an environment. */
export function resolveGovernance(file: GovernanceFile, environment: string): MlopsConfig['governance'] {
  return {
    readSample: file.audit.read_sample_percent / 100,
    // Where everything is signed every role is granted: whom the operating system alone names has none.
    developmentRoles: environment === PRODUCTION ? [] : file.identity.development_roles,
    issuers: file.identity.issuers.map(({ jwks_url, ...issuer }) => ({ ...issuer, jwksUrl: jwks_url })),
    protectedAliases: file.registry.protected_aliases,
    approvalPolicy: resolveApprovals(file.approvals),
    linkBaseUrl: file.approvals.link_base_url,
    webhookHosts: file.registry.webhook_hosts,
  };
}

function resolveApprovals({ critical, high, low, medium }: GovernanceFile['approvals']): ApprovalPolicy {
  return {
    low: resolveTerms(low),
    medium: resolveTerms(medium),
    high: resolveTerms(high),
    critical: resolveTerms(critical),
  };
}

function resolveTerms(file: GovernanceFile['approvals']['low']): ApprovalTerms {
  return {
    quorum: file.quorum,
    roles: file.roles,
    remindEverySeconds: file.remind_hours * HOUR_SECONDS,
    escalateAfterSeconds: file.escalate_hours * HOUR_SECONDS,
    expireAfterSeconds: file.expire_hours * HOUR_SECONDS,
  };
}

function resolveCanary(file: CanaryFile): CanaryConfig {
  return {
    initialPercentage: file.initial_percentage,
    maxPercentage: file.max_percentage,
    rampStep: file.ramp_step,
    observationWindowMinutes: file.observation_window_minutes,
    autoRollback: file.auto_rollback,
    maxDeploymentHours: file.max_deployment_hours,
    tickSeconds: file.tick_seconds,
    warmUpSeconds: file.warm_up_seconds,
    minimumRequests: file.minimum_requests,
    bakeMinutes: file.bake_minutes,
    shadowPercentage: file.shadow_percentage,
    headerOnly: file.header_only,
    manualGates: file.manual_gates,
    onInFlight: file.on_in_flight,
    shadowMinimumOverlap: file.shadow_minimum_overlap,
    steps: file.steps?.map(resolveStep) ?? null,
  };
}

function resolveStep(step: StepFile): StepConfig {
  const window =
    'window_minutes' in step && step.window_minutes !== undefined ? { windowMinutes: step.window_minutes } : {};
  const requests =
    'minimum_requests' in step && step.minimum_requests !== undefined ? { minimumRequests: step.minimum_requests } : {};
  if ('shadow' in step) return { shadow: step.shadow, ...window, ...requests };
  if ('header_only' in step) return { headerOnly: true, ...window };
  if ('weight' in step)
    return { weight: step.weight, ...window, ...requests, ...(step.gate === undefined ? {} : { gate: step.gate }) };
  return step;
}

function resolveNoise(file: DeploymentFile['noise_assumptions']): Record<string, NoiseAssumption> {
  return Object.fromEntries(Object.entries(file).map(([name, noise]) => [name, resolveAssumption(noise)]));
}

function resolveAssumption(noise: DeploymentFile['noise_assumptions'][string]): NoiseAssumption {
  return {
    kinds: noise.kinds.map((kind) => ({
      fastSdLog: kind.fast_sd_log,
      burstShare: kind.burst_share,
      burstMeanMinutes: kind.burst_mean_minutes,
      burstFullEventsPerTick: kind.burst_full_events_per_tick,
    })),
    burstRangeLog: noise.burst_range_log,
    eventCapPerTick: noise.event_cap_per_tick,
  };
}

function resolveModel({ noise, calibration }: ModelFile): ModelConfig {
  return {
    noise: typeof noise === 'object' ? resolveAssumption(noise) : (noise ?? null),
    calibration:
      calibration === undefined
        ? null
        : {
            armed: calibration.armed ?? true,
            fittedAt: calibration.fitted_at ?? null,
            ticks: calibration.ticks ?? null,
            source: calibration.source ?? null,
          },
  };
}
