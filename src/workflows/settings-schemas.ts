import { z } from 'zod';
import { isoDuration } from '#domain/duration.ts';

/** A duration of business time in a journey's settings, kept as it was written. */
export const duration = z
  .string()
  .regex(isoDuration, 'must be an ISO 8601 duration of days, hours, minutes and seconds, such as PT30M or P1DT12H');
