// What several journeys through the dashboard do the same way.
import type { Locator, Page } from 'playwright-core'
import { type Scene, settled } from './dashboard.ts'
import { waitFor } from './wait.ts'

/** More than any page has between two of its controls that a journey goes to. */
const TABS_MAX = 150

/** How a config in words begins that is no more than its test needs. */
export const SMALL = `admin: { bind: 127.0.0.1:0 }
workers: 1
drain: 2s`

/** The config file as it is now. */
export const fileOf = ({ gateway }: Scene): Promise<string> => Bun.file(gateway.configFile).text()

/** The drawer or dialog of this title. */
export const drawerOf = (page: Page, name: string): Locator => page.getByRole('dialog', { name, exact: true })

/** What was sent from now on that changes something: trying and judging do not. */
export function sentBy(page: Page): string[] {
  const sent: string[] = []
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url())
    const isTried = searchParams.get('dry_run') === 'true' || pathname.endsWith('/validate')
    if (request.method() !== 'GET' && !isTried) sent.push(`${request.method()} ${pathname}`)
  })
  return sent
}

/** From any page to the review of what is drafted, once that has been tried. */
export async function reviewDraft(page: Page): Promise<void> {
  await page
    .getByRole('navigation', { name: /^Draft/ })
    .getByRole('link', { name: /^Draft/ })
    .click()
  await isReviewed(page)
}

/** The page of review, with what the draft would do. */
export async function isReviewed(page: Page): Promise<void> {
  await page.getByRole('region', { name: /^Difference of/ }).waitFor()
  await settled(page)
}

/** Applies what is reviewed, and keeps it where it asks for that. */
export async function applyReviewed(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Apply/ }).click()
  await runs(page)
  const keep = page.getByRole('button', { name: /^Keep r\d+$/ })
  const either = page.getByRole('button', { name: /^(?:Keep r\d+|Undo)$/ }).first()
  if ((await either.innerText()) === 'Undo') return
  await keep.click()
  await keep.waitFor({ state: 'detached' })
}

/** What was applied is told. */
export const runs = (page: Page): Promise<void> =>
  page.getByRole('heading', { level: 1, name: /^r\d+ runs$/ }).waitFor()

export const hasFocus = async (page: Page, one: Locator): Promise<boolean> =>
  (await one.and(page.locator(':focus')).count()) > 0

/** As who has no mouse gets there. */
export async function tabTo(page: Page, to: Locator): Promise<void> {
  await to.waitFor()
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    if (await hasFocus(page, to)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${TABS_MAX} times Tab do not lead to ${String(to)}.`)
}

/** `g` and a letter: the second key has a second to come, which on a busy machine may be too short. */
export async function goByKeys(page: Page, letter: string, title: string): Promise<void> {
  const heading = page.getByRole('heading', { level: 1, name: title, exact: true })
  const press = async (): Promise<boolean> => {
    await page.keyboard.press('g')
    await page.keyboard.press(letter)
    return heading.isVisible()
  }
  await waitFor(press, { what: `the page ${title}`, everyMs: 1500 })
  await settled(page)
}
