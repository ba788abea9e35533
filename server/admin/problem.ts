// Problem documents (RFC 9457): how the admin listener says no.
import { STATUS_CODES } from 'node:http'

/** An answer that says what went wrong, for programs and for people. */
export function problemAnswer(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors: [] }
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
