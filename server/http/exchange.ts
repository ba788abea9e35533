// One HTTP request and its answer.
import type { Server } from '../backends/server.ts'
import type { Stuck } from '../backends/sticky.ts'
import type { Authority } from '../head/authority.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Tokens } from '../rules/claims.ts'
import type { Listener, Rule, Snapshot, Way } from '../snapshot/snapshot.ts'
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { Verdict } from '../tls/shown-certificate.ts'
import type { Fault, FaultCode } from '../tables/faults.ts'
import type { CacheResult } from '../cache/result.ts'
import type { Paces } from './hold.ts'
import type { Reason } from './retry.ts'
import type { AsksWeb } from './web-words.ts'
import type { AsksBackends } from './subrequest-words.ts'

/** Who sent the request, after the field that client_from names was walked through trusted proxies. */
export interface Client {
  /**
   * Canonical text of the address, v4-mapped addresses as v4. Null: a proxy speaks for somebody it does not
   * name: who asks must not guess.
   */
  readonly address: string | null
  /** The other end of the socket itself; '' when it was gone before that could be read. */
  readonly socketAddress: string
  readonly port: number
  /** Whether the other end of the socket is one of the listener's trusted proxies. */
  readonly trusted: boolean
  /** What it speaks, to the proxy where there is one. */
  readonly scheme: 'http' | 'https'
  /** Whose certificate it has shown, for people; null: none was asked for, or shown. */
  readonly whose: string | null
  /** That of its connection, as far as it ends here; null: none. */
  readonly tls: TlsFacts | null
}

/** Who asks, as a step of the rule has found out. */
export interface Identity {
  /** The step that did. */
  readonly via: string
  /** For people and servers; clients may have chosen it: at most 256 characters, any of them. */
  readonly name: string
  /** What a token says of them; of others nothing. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** A client with the lines that are the same for all its requests to one host. */
export interface KnownClient extends Client {
  /** Whose options those are. */
  readonly listener: Listener
  readonly authority: Authority
  /** What came of its certificate for this authority; null: it is asked for none. */
  readonly certificate: Verdict | null
  /**
   * X-Forwarded-For, -Proto, -Host, -Port and/or Forwarded, Via, and what is told of its certificate: whole
   * lines.
   */
  readonly ours: Buffer
}

/** What a client's connection has told servers of its client, and what that was made of. */
export interface Told {
  readonly client: KnownClient
  readonly version: ProxyVersion
  readonly onBehalf: OnBehalf
}

/**
 * What a failed attempt was doing: looking up the name, connecting, sending the request, waiting for the
 * answer, reading it.
 */
export type Phase = 'resolve' | 'connect' | 'tls' | 'send' | 'wait' | 'answer'

/** One attempt at a server. */
export interface Try {
  readonly server: string
  /** Why it was made; null: it is the first. */
  readonly reason: Reason | null
  /** Null: it was answered. With it but no fault, it was given up, as another was answered first. */
  readonly phase: Phase | null
  readonly fault: FaultCode | null
  /** Of its answer; null: none came, or it broke off. */
  readonly status: number | null
  /** When it began: performance.now() in ms. */
  readonly atMs: number
  /** Until a connection was there; null: none was. */
  readonly connectMs: number | null
  readonly ms: number
}

/**
 * Every field is declared and set by one constructor in one order: objects of one shape. Times are
 * performance.now() in ms, 0 for not yet.
 */
export interface Exchange {
  /** Replaced by request_id. */
  id: string
  readonly listener: Listener
  readonly snapshot: Snapshot
  readonly request: RequestHead
  readonly client: Client
  rule: Rule | null
  /** Where it goes: the way of its rule, or of a part of a split; null: no rule was found. */
  to: Way | null
  server: Server | null
  attempts: number
  fault: Fault | null
  /**
   * More about the fault for who reads the log: which rule was broken where, which limit was reached; null:
   * nothing more.
   */
  detail: string | null
  /** Steps in shadow mode that would have refused it; null: none would. */
  shadow: string | null
  /** Null: no step has asked, or nobody is known by what the client has shown. */
  identity: Identity | null
  /** What a cache did of it; null: it met none. */
  cache: CacheResult | null
  /** What the good ones of its tokens say, where its listener has rules that ask for that. */
  tokens: Tokens | null
  /** Whether its server is that of its session, and why not; null: sessions have none, or none was picked. */
  sticky: Stuck | null
  /** The attempts, once one of them has failed, in their order. */
  tries: Try[] | null
  aborted: boolean
  /** Of the final answer to the client; 0 when none began. */
  status: number
  /** Bytes of the request's body read, and of the answer's body written, framing left out. */
  bytesIn: number
  bytesOut: number
  startedMs: number
  /** Waited in the queue, and for a connection to stand. */
  queueMs: number
  connectMs: number
  firstByteMs: number
  endedMs: number
  /** How fast a tunnel may be, as far as steps say so; null: as fast as it can. */
  paces: Paces | null
  /** Most bytes of request body; set from the listener, replaced by body_limit. */
  bodyLimit: number
  answer: ResponseHead | null
  /** Asks backends on behalf of its client, for steps that do; made anew each time that it is read. */
  readonly subrequests: AsksBackends
  /**
   * All of the request's body, for a step that sees it (`seesBody`) before a server is asked, 64 KiB at most;
   * null: it is longer than `most`. The server gets it all the same.
   */
  bodyWithin(most: number): Promise<Buffer | null>
  /** Asks servers that are no backend's. */
  readonly web: AsksWeb
}
