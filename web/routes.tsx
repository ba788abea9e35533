// Which page is at which address. Each is a chunk of its own, loaded when it is first shown; links that are
// pointed at load theirs beforehand.
import lazy from 'preact-iso/lazy'
import type { AnyComponent } from 'preact'

/** Below the dashboard: `/backends/:backend`. Parameters are props of the page. */
export interface PageRow {
  readonly path: string
  readonly page: AnyComponent
}

const page = (load: () => Promise<AnyComponent<never>>): AnyComponent =>
  lazy(load as () => Promise<AnyComponent>)

export const PAGES: readonly PageRow[] = [
  { path: '/', page: page(() => import('./pages/overview/overview.tsx').then((m) => m.Overview)) },
  { path: '/review', page: page(() => import('./pages/review/review.tsx').then((m) => m.Review)) },
]
