import type { ProblemCode } from '../problem-codes.ts'
import type { ProblemItem } from '../problem.ts'

/** Why an operation is not done. */
export class Refused extends Error {
  readonly code: ProblemCode
  readonly errors: readonly ProblemItem[]
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: ProblemCode, message: string, more: Partial<Pick<Refused, 'errors' | 'members'>> = {}) {
    super(message)
    this.code = code
    this.errors = more.errors ?? []
    this.members = more.members ?? {}
  }
}
