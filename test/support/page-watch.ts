// What a page must not do, whichever test it is in: say errors, throw, ask for what is refused or not there,
// or break the policy (CSP) that it was sent with.
import type { BrowserContext, ConsoleMessage, Page, Request, Response } from 'playwright-core'

/** Chromium says it of each answer from 400 on, without which: answers are looked at themselves. */
const OF_AN_ANSWER = 'Failed to load resource'
/** A page that is left ends what it was asking for. */
const LEFT = 'net::ERR_ABORTED'
/** Chromium tells of some breaches (of images, say) late or not at all; the event tells of all of them. */
const TELL_BREACHES = `addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.effectiveDirective + ' refuses ' + (event.blockedURI || event.sample)))`

export class PageWatch {
  readonly #complaints: string[] = []
  readonly #meant: RegExp[]
  readonly #context: BrowserContext

  private constructor(context: BrowserContext, meant: RegExp[]) {
    this.#context = context
    this.#meant = meant
  }

  /** Watches all pages of a context, also those that it opens later; what `beside` means it means as well. */
  static async of(context: BrowserContext, beside?: PageWatch): Promise<PageWatch> {
    const watch = new PageWatch(context, beside === undefined ? [] : beside.#meant)
    await context.addInitScript(TELL_BREACHES)
    context.on('page', (page) => watch.#follow(page))
    return watch
  }

  /** What this test brings about on purpose, by how it is told: `401 GET …/auth/me`. */
  mean(...complaints: readonly RegExp[]): void {
    this.#meant.push(...complaints)
  }

  /** What was not meant so far. */
  async complaints(): Promise<readonly string[]> {
    // What a page said before it answers this has come by then.
    const pages = this.#context.pages().filter((page) => !page.isClosed())
    await Promise.all(pages.map((page) => page.evaluate('0')))
    return this.#complaints.filter((complaint) => !this.#meant.some((meant) => meant.test(complaint)))
  }

  #follow(page: Page): void {
    const complain = (what: string): void => void this.#complaints.push(what)
    page.on('console', (message: ConsoleMessage) => {
      const isOfAnAnswer = message.text().startsWith(OF_AN_ANSWER)
      if (!['error', 'warning', 'assert'].includes(message.type()) || isOfAnAnswer) return
      complain(`console ${message.type()}: ${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error: Error) => complain(`thrown: ${error.stack ?? error.message}`))
    page.on('crash', () => complain('the page crashed'))
    page.on('requestfailed', (request: Request) => {
      const why = request.failure()?.errorText ?? ''
      if (why !== LEFT) complain(`failed: ${request.method()} ${request.url()}: ${why}`)
    })
    page.on('response', (response: Response) => {
      if (response.status() < 400) return
      complain(`${response.status()} ${response.request().method()} ${response.url()}`)
    })
  }
}
