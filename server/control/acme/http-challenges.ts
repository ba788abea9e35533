// http-01 (RFC 8555 §8.3): the CA asks for a path on port 80, and any worker may be who answers it. All of
// them know the tokens under way before the CA is asked to look.
import type { ChallengeTokens } from '../../http/challenges.ts'
import type { Asked, Challenger } from './challenger.ts'

export class HttpChallenges implements Challenger {
  readonly type = 'http-01'
  readonly #tell: (tokens: ChallengeTokens) => Promise<void>
  /** Those under way, of all certificates. */
  tokens: ChallengeTokens = {}

  /** `tell` settles when all workers know them. */
  constructor(tell: (tokens: ChallengeTokens) => Promise<void>) {
    this.#tell = tell
  }

  async present(asked: readonly Asked[]): Promise<void> {
    const added = asked.map(({ token, authorization }) => [token, authorization] as const)
    this.tokens = { ...this.tokens, ...Object.fromEntries(added) }
    await this.#tell(this.tokens)
  }

  async cleanUp(asked: readonly Asked[]): Promise<void> {
    const gone = new Set(asked.map(({ token }) => token))
    this.tokens = Object.fromEntries(Object.entries(this.tokens).filter(([token]) => !gone.has(token)))
    // One that does not hear of it goes on answering what nobody asks.
    await this.#tell(this.tokens).catch(() => {})
  }
}
