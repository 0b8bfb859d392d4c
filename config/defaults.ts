/** Every setting's value when nobody sets it. The files in config/ repeat them with explanations. */
export const DEFAULTS = {
  deployment: {
    canary: {
      initial_percentage: 5,
      max_percentage: 50,
      ramp_step: 10,
      observation_window_minutes: 15,
      auto_rollback: true,
      max_deployment_hours: 4,
      tick_seconds: 60,
      warm_up_seconds: 60,
      minimum_requests: 100,
      bake_minutes: 15,
      shadow_percentage: 0,
      header_only: false,
      manual_gates: [],
      on_in_flight: 'refuse',
      shadow_minimum_overlap: null,
      steps: null,
    },
    profiles: {
      default: {},
      fast: {
        // Explicit steps of `canary` have windows of their own; fast goes by the weights alone.
        steps: null,
        observation_window_minutes: 0.2,
        tick_seconds: 2,
        warm_up_seconds: 2,
        minimum_requests: 20,
        bake_minutes: 0.2,
        max_deployment_hours: 0.25,
      },
    },
    judge: {
      max_error_rate: 0.05,
      error_budget: 0.05,
      non_inferiority_ratio: 1.49,
      score_margin: 0.05,
      absolute_tolerance: { errors: 0.005, slow: 0.01 },
      required_metrics: ['errors', 'slow'],
      slow_action: 'hold',
      dry_run_metrics: [],
      noise: 'default',
      minimum_success_rate: 0.95,
      response_time_degradation_percent: 20,
      response_time_floor_ms: 50,
    },
    noise_assumptions: {},
    models: {},
    health: {
      interval_seconds: 30,
      timeout_seconds: 5,
      failures: 2,
      out_of: 3,
      path: '/healthz',
      expect: { status: 'ok' },
    },
    resources: { alert_at_percent_of_limit: 80 },
    targets: {},
    endpoint_allow_list: ['127.0.0.1', 'localhost', '::1'],
    gateway: {
      url: null,
      admin_url: null,
      token_file: null,
      listen_host: '127.0.0.1',
      admin_listen_host: '127.0.0.1',
      user_header: 'x-user-id',
      user_cookie: 'mlops_user',
      override_header: 'x-mlops-arm',
      request_timeout_seconds: 30,
    },
    notifications: { webhooks: [] },
  },
  monitoring: {
    model_name: 'rag_embedding_model',
    drift_detection_enabled: true,
    alert_thresholds: { error_rate: 0.05, response_time_p95: 100, psi_score: 0.2 },
    monitoring_interval_seconds: 60,
    baseline_window_days: 7,
  },
  governance: {
    audit: { read_sample_percent: 100 },
    identity: {
      development_roles: ['viewer', 'engineer', 'reviewer', 'approver', 'operator', 'auditor', 'admin'],
      issuers: [],
    },
    registry: { protected_aliases: [], webhook_hosts: [] },
    keys: {
      provider: 'file',
      vault: { address: null, mount: 'transit', key: 'durable-mlops', token_file: null, namespace: null },
    },
    artifacts: {
      store: 'files',
      s3: { endpoint: null, region: 'us-east-1', bucket: null, prefix: '', credentials_file: null },
      require_signature: 'none',
    },
  },
} as const;

/** Ports before the offset is added. */
export const BASE_PORTS = {
  api: 5000,
  gateway: 8080,
  gatewayAdmin: 8081,
  temporal: 7233,
  temporalUi: 8233,
  postgres: 5433,
  workerMetrics: 9464,
} as const;

/** Above it a port would not exist. */
export const MOST_PORT_OFFSET = 65_535 - Math.max(...Object.values(BASE_PORTS));
