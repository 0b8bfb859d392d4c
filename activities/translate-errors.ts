import { ApplicationFailure } from '@temporalio/common';
import { isMlopsError } from '../domain/errors.ts';

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/**
 * Wraps activities so that a coded error leaves them as an ApplicationFailure whose type is the code: workflows branch
 * on the type only, and errors the registry calls final are not retried.
 */
export function translateErrors<T extends Activities>(activities: T): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [name, translating(run)]);
  return Object.fromEntries(wrapped) as T;
}

function translating(run: (...args: never[]) => Promise<unknown>) {
  return async (...args: never[]): Promise<unknown> => {
    try {
      return await run(...args);
    } catch (error) {
      if (!isMlopsError(error)) throw error;
      throw ApplicationFailure.create({
        message: `${error.message}. Try: ${error.remedy}`,
        type: error.code,
        nonRetryable: !error.retryable,
        details: [error.details],
        cause: error,
      });
    }
  };
}
