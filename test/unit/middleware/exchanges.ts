// The part of an exchange that steps look at.
import { expect } from 'bun:test'
import { RequestHead } from '../../../server/head/request-head.ts'
import { ResponseHead } from '../../../server/head/response-head.ts'
import type { Exchange } from '../../../server/http/exchange.ts'

export function requestOf(...fields: string[]): RequestHead {
  return headOf('GET / HTTP/1.1', 'Host: example.org', ...fields)
}

/** A request head of these lines. */
export function headOf(...lines: string[]): RequestHead {
  const head = new RequestHead()
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  expect(head.scan(bytes, 0, bytes.length, { headBytes: 100_000, targetBytes: 100, fields: 20 })).toBe(
    bytes.length,
  )
  return head
}

export function responseOf(...fields: string[]): ResponseHead {
  return answerOf('HTTP/1.1 200 OK', ...fields)
}

/** An answer's head of these lines. */
export function answerOf(...lines: string[]): ResponseHead {
  const head = new ResponseHead()
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  expect(head.scan(bytes, 0, bytes.length, { headBytes: 4096, fields: 20 })).toBe(bytes.length)
  return head
}

export interface ExchangeParts {
  readonly request?: RequestHead
  readonly address?: string | null
  readonly bodyLimit?: number
  readonly bytesIn?: number
  readonly identity?: Exchange['identity']
}

export const exchange = (more: ExchangeParts = {}): Exchange =>
  ({
    request: more.request ?? requestOf(),
    client: {
      address: more.address === undefined ? '192.0.2.1' : more.address,
      socketAddress: '127.0.0.1',
      port: 1,
      trusted: false,
      scheme: 'http',
    },
    bodyLimit: more.bodyLimit ?? 100,
    bytesIn: more.bytesIn ?? 0,
    shadow: null,
    identity: more.identity ?? null,
    tokens: null,
    sticky: null,
    detail: null,
    fault: null,
  }) as Exchange
