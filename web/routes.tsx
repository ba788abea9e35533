// Which page is at which address. Each is a chunk of its own, loaded when it is first shown; links that are
// pointed at load theirs beforehand.
import lazy from 'preact-iso/lazy'
import type { AnyComponent } from 'preact'
import { NotLoaded } from './shell/not-loaded.tsx'

/** Below the dashboard: `/backends/:backend`. Parameters are props of the page. */
export interface PageRow {
  readonly path: string
  readonly page: AnyComponent
}

const page = (load: () => Promise<AnyComponent<never>>): AnyComponent =>
  lazy(() => (load as () => Promise<AnyComponent>)().catch(() => NotLoaded))

// One page for both: a server opens beside the list that it is of.
const backend = page(() => import('./pages/backend/backend.tsx').then((m) => m.Backend))
const listeners = page(() => import('./pages/listeners/listeners.tsx').then((m) => m.Listeners))
const events = page(() => import('./pages/activity/events.tsx').then((m) => m.Events))

const certificates = page(() => import('./pages/certificates/certificates.tsx').then((m) => m.Certificates))

const settings = page(() => import('./pages/settings/settings.tsx').then((m) => m.Settings))

export const PAGES: readonly PageRow[] = [
  { path: '/backends', page: page(() => import('./pages/backends/backends.tsx').then((m) => m.Backends)) },
  { path: '/backends/:backend', page: backend },
  { path: '/backends/:backend/servers/:server', page: backend },
  { path: '/listeners', page: listeners },
  { path: '/listeners/:listener', page: listeners },
  { path: '/', page: page(() => import('./pages/overview/overview.tsx').then((m) => m.Overview)) },
  { path: '/config', page: page(() => import('./pages/config/config.tsx').then((m) => m.Config)) },
  { path: '/rules', page: page(() => import('./pages/rules/rules.tsx').then((m) => m.Rules)) },
  {
    path: '/config/history',
    page: page(() => import('./pages/config/history.tsx').then((m) => m.ConfigHistory)),
  },
  {
    path: '/config/effective',
    page: page(() => import('./pages/config/effective.tsx').then((m) => m.EffectiveConfig)),
  },
  { path: '/realtime', page: page(() => import('./pages/realtime/realtime.tsx').then((m) => m.Realtime)) },
  { path: '/certificates', page: certificates },
  { path: '/certificates/:certificate', page: certificates },
  { path: '/review', page: page(() => import('./pages/review/review.tsx').then((m) => m.Review)) },
  { path: '/activity', page: events },
  { path: '/activity/events/:event?', page: events },
  {
    path: '/activity/audit/:entry?',
    page: page(() => import('./pages/activity/audit.tsx').then((m) => m.Audit)),
  },
  {
    path: '/activity/requests/:request?',
    page: page(() => import('./pages/activity/requests.tsx').then((m) => m.Requests)),
  },
  { path: '/settings', page: settings },
  { path: '/settings/:part', page: settings },
]
