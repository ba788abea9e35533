// What stands against a plan only when its machine is made, and where in the config.
import type { Steps } from '../lib/slices.ts'

/** Something in a plan that no machine can be made of, though it passed the checks. */
export class CompileProblem extends Error {
  override readonly name = 'CompileProblem'
  /** Where in the config, as "rules.3.redirect". */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options)
    this.path = path
  }
}

/** Runs a part of the compilation; what it throws becomes a problem at this path. */
export function at<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof CompileProblem) throw error
    throw new CompileProblem(path, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** As `at`, in steps. */
export function* stepsAt<T>(path: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps
  } catch (error) {
    return at(path, () => {
      throw error
    })
  }
}
