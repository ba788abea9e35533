// Signing out on purpose: what is drafted goes with it, since it may hold secrets and lies in the browser. A
// sign-in that ends by itself leaves it.
import { discard } from '../data/draft.ts'
import { forgetForms } from '../data/kept-forms.ts'
import type { Problem } from '../data/problem.ts'
import { signOut } from '../data/session.ts'

/** Null: it is done; else why the sign-in goes on. */
export async function leave(): Promise<Problem | null> {
  const problem = await signOut()
  if (problem !== null) return problem
  discard()
  forgetForms()
  return null
}
