// axe-core on a page of ours. It runs in a world of its own: the page's policy (CSP) lets no script of it in,
// and neither of the two sees what the other one defines.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const RUN = `${SOURCE}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.map(({ target }) => target.flat(2).join(' ')) })))`

interface Finding {
  readonly id: string
  readonly impact: string
  readonly help: string
  /** Selectors of the elements. */
  readonly at: readonly string[]
}

/** What axe finds wrong with a page as it is shown now, a line each; all of its rules, best practices too. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page)
  try {
    const { frameTree } = await session.send('Page.getFrameTree')
    const { executionContextId } = await session.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
    })
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: RUN,
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(`axe: ${JSON.stringify(exceptionDetails)}`)
    return (result.value as readonly Finding[]).map(
      ({ id, impact, help, at }) => `${impact} ${id}: ${help}: ${at.join(', ')}`,
    )
  } finally {
    await session.detach()
  }
}
