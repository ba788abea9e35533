// Answers a kind of challenge (RFC 8555 §8): what shows a CA that a name leads to us.

export const CHALLENGES = ['http-01', 'tls-alpn-01', 'dns-01'] as const
export type ChallengeType = (typeof CHALLENGES)[number]

/** A challenge that is under way. */
export interface Asked {
  /** Without "*.". */
  readonly name: string
  readonly token: string
  /** The token and what only the account's holder knows of it (RFC 8555 §8.1). */
  readonly authorization: string
}

export interface Challenger {
  readonly type: ChallengeType
  /** Settles when whoever asks for them gets the answers. */
  present(asked: readonly Asked[]): Promise<void>
  /** Nobody asks any more; never rejects. */
  cleanUp(asked: readonly Asked[]): Promise<void>
}
