import { z } from 'zod';
import { hasCredentials } from '../domain/url-credentials.ts';

/** A URL without user and password: whoever is shown the configuration, or an event, is shown it. */
export const address = z
  .url()
  .refine((url) => !hasCredentials(url), { error: 'wanted a URL without user and password' });
