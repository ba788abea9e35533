// axe-core on a page of ours. It runs in a world of its own: the page's policy (CSP) lets no script of it in,
// and neither of the two sees what the other one defines.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
/** All that a theme can change: it is colours and nothing else (light-dark() of web/styles/tokens.css). */
const OF_COLOURS = ['color-contrast', 'link-in-text-block']

interface Finding {
  readonly id: string
  readonly impact: string
  readonly help: string
  /** Selectors of the elements. */
  readonly at: readonly string[]
}

/** Findings of axe on a page as it is now, a line each; of all its rules unless some are named. */
type Look = (rules?: readonly string[]) => Promise<readonly string[]>

/** What axe finds wrong with a page as it is shown now, a line each; all of its rules, best practices too. */
export const axeFindings = (page: Page): Promise<readonly string[]> => withAxe(page, (look) => look())

/**
 * The same of a page in both themes: all rules in the one that it is shown in, those about colours in the
 * other one. The page has its own theme again afterwards.
 */
export function axeInBothThemes(page: Page): Promise<readonly string[]> {
  return withAxe(page, async (look) => {
    const isDark = await page.evaluate(`matchMedia('(prefers-color-scheme: dark)').matches`)
    const [own, other] = isDark === true ? (['dark', 'light'] as const) : (['light', 'dark'] as const)
    const found = await look()
    await page.emulateMedia({ colorScheme: other })
    const inOther = await look(OF_COLOURS)
    await page.emulateMedia({ colorScheme: own })
    return [...found, ...inOther.map((finding) => `${other}: ${finding}`)]
  })
}

async function withAxe<T>(page: Page, use: (look: Look) => Promise<T>): Promise<T> {
  const session = await page.context().newCDPSession(page)
  try {
    const { frameTree } = await session.send('Page.getFrameTree')
    const { executionContextId } = await session.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
    })
    const evaluate = async (expression: string): Promise<unknown> => {
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
        expression,
        contextId: executionContextId,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails !== undefined) throw new Error(`axe: ${JSON.stringify(exceptionDetails)}`)
      return result.value
    }
    await evaluate(`${SOURCE}; 0`)
    return await use(async (rules) => linesOf(await evaluate(runOf(rules))))
  } finally {
    await session.detach()
  }
}

function runOf(rules?: readonly string[]): string {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  return `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations.map(
    ({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.map(({ target }) => target.flat(2).join(' ')) })))`
}

const linesOf = (found: unknown): readonly string[] =>
  (found as readonly Finding[]).map(
    ({ id, impact, help, at }) => `${impact} ${id}: ${help}: ${at.join(', ')}`,
  )
