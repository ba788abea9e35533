// One-time links: the page is opened by /_admin/#/link/TOKEN. What stands there leaves the address at once,
// so that neither the history of the browser nor who looks over a shoulder keeps it.
import { type Answer, ask } from './api.ts'
import { became, type Me } from './session.ts'

const FORM = /^#\/link\/([0-9A-Za-z]{1,100})$/

/** What the address has, once; null: nothing. */
export function takeLink(): string | null {
  const [, token] = FORM.exec(location.hash) ?? []
  if (token === undefined) return null
  history.replaceState(history.state, '', `${location.pathname}${location.search}`)
  return token
}

/** Calls back when one is opened in a page that is there already; gives what ends that. */
export function onLink(found: (token: string) => void): () => void {
  const look = (): void => {
    const token = takeLink()
    if (token !== null) found(token)
  }
  addEventListener('hashchange', look)
  return () => removeEventListener('hashchange', look)
}

/** Signs in; the problem says what is missing (`code_needed`), or that the link is not good. */
export async function signInByLink(body: { token: string; code?: string }): Promise<Answer<Me>> {
  return became(await ask('POST /api/v1/auth/link', {}, { body, isAlone: true }))
}
