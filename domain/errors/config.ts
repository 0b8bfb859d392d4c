import type { ErrorDefinition } from './definition.ts';

/** Failures of configuration and of the command line. */
export const CONFIG_ERRORS = {
  CONFIG_INVALID: {
    message: 'Configuration is not valid: {problems}',
    remedy: 'Mend the keys named above; `mlops config show --origin` says where each value comes from',
    retryable: false,
    exitCode: 2,
  },
  OUTPUT_UNWRITABLE: {
    message: 'File {file} cannot be written: {problem}',
    remedy: 'Name a file in a folder that is there and that you may write to',
    retryable: false,
    exitCode: 2,
  },
  USAGE_INVALID: {
    message: '{problem}',
    remedy: '{hint}',
    retryable: false,
    exitCode: 2,
  },
  INPUT_UNREADABLE: {
    message: 'Input {file} cannot be read: {problem}, wanted a file that this user may read',
    remedy: 'Name another, or look at what is there with `ls -ld {file}`',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
