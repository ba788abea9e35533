// What routes do with the store, and what they answer where there is none.
import type { ControlFacts } from '../../control/facts.ts'
import type { Store } from '../../control/store/store.ts'
import { storeProblemOf } from '../../control/store/store-problem.ts'
import { problemOfRefusal } from '../problem.ts'
import { notOpen } from './refusals.ts'

/** Answers from the store; that it cannot be used is an answer as well. */
export async function withStore(
  { store }: Pick<ControlFacts, 'store'>,
  work: (store: Store) => Response | Promise<Response>,
): Promise<Response> {
  try {
    return await work(await store.open())
  } catch (error) {
    const problem = storeProblemOf(error)
    if (problem === null) throw error
    return problemOfRefusal(notOpen(problem))
  }
}
