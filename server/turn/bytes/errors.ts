// Error codes and the reason phrase of each (RFC 8489 §14.8, RFC 8656 §19, RFC 6062 §6.3, RFC 8016 §3.4).

export const REASONS = {
  300: 'Try Alternate',
  400: 'Bad Request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  405: 'Mobility Forbidden',
  420: 'Unknown Attribute',
  437: 'Allocation Mismatch',
  438: 'Stale Nonce',
  440: 'Address Family not Supported',
  441: 'Wrong Credentials',
  442: 'Unsupported Transport Protocol',
  443: 'Peer Address Family Mismatch',
  446: 'Connection Already Exists',
  447: 'Connection Timeout or Failure',
  486: 'Allocation Quota Reached',
  500: 'Server Error',
  508: 'Insufficient Capacity',
} as const

/** A code that we answer with. */
export type ErrorCode = keyof typeof REASONS

/** The standard's words for a code; empty for one that we do not know. */
export const reasonOf = (code: number): string => (REASONS as Readonly<Record<number, string>>)[code] ?? ''
