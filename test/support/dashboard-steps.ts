// What several journeys through the dashboard do the same way.
import type { Locator, Page } from 'playwright-core'
import { type Scene, settled } from './dashboard.ts'

/** The config file as it is now. */
export const fileOf = ({ gateway }: Scene): Promise<string> => Bun.file(gateway.configFile).text()

/** The drawer or dialog of this title. */
export const drawerOf = (page: Page, name: string): Locator => page.getByRole('dialog', { name, exact: true })

/** From any page to the review of what is drafted, once that has been tried. */
export async function reviewDraft(page: Page): Promise<void> {
  await page
    .getByRole('navigation', { name: /^Draft/ })
    .getByRole('link', { name: /^Draft/ })
    .click()
  await isReviewed(page)
}

/** The page of review, with what the draft would do. */
async function isReviewed(page: Page): Promise<void> {
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
