// Problem documents (RFC 9457): how the admin listener and the control socket say no.
import { STATUS_CODES } from 'node:http'

/** An answer that says what went wrong, for programs and for people. */
export function problemAnswer(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  errors: readonly unknown[] = [],
): Response {
  const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors }
  return new Response(`${JSON.stringify(document)}\n`, {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  })
}

/** The control socket has the path, for other methods. */
export const notAllowed = (allowed: string): Response =>
  problemAnswer(405, `Only ${allowed} is served here.`, { Allow: allowed })

/** A document of the control socket. */
export const jsonAnswer = (document: unknown, status = 200): Response =>
  new Response(`${JSON.stringify(document)}\n`, {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  })
