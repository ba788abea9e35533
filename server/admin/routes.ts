// The closed list of what the admin API answers. A path that is not in it is answered to nobody.
import type { ControlFacts } from '../control/facts.ts'
import type { Route } from './route.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { cacheRoutes } from './routes/cache.ts'
import { certificateToolRoutes } from './routes/certificate-tools.ts'
import { certificateRoutes } from './routes/certificates.ts'
import { changesetRoutes } from './routes/changesets.ts'
import { balancerRoutes } from './routes/balancers.ts'
import { configReadingRoutes } from './routes/config-reading.ts'
import { changeRoutes } from './routes/changes.ts'
import { configRoutes } from './routes/config.ts'
import { dashboardRoutes } from './routes/dashboard.ts'
import { describingRoutes } from './routes/describing.ts'
import { diagnosticRoutes } from './routes/diagnostics.ts'
import { documentRoutes } from './routes/documents.ts'
import { eventRoutes } from './routes/events.ts'
import { explainRoutes } from './routes/explain.ts'
import { figureRoutes } from './routes/figures.ts'
import { gatewayRoutes } from './routes/gateway.ts'
import { longFormRoutes } from './routes/long-form.ts'
import { middlewareRoutes } from './routes/middleware.ts'
import { nameRoutes } from './routes/names.ts'
import { operationRoutes } from './routes/operations.ts'
import { overloadRoutes } from './routes/overload.ts'
import { overviewRoutes } from './routes/overview.ts'
import { ownPasswordRoutes } from './routes/own-password.ts'
import { requestRoutes } from './routes/requests.ts'
import { resourceRoutes } from './routes/resources.ts'
import { rolloutRoutes } from './routes/rollouts.ts'
import { secondFactorRoutes } from './routes/second-factor.ts'
import { signInLinkRoutes } from './routes/sign-in-links.ts'
import { signInRoutes } from './routes/sign-ins.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { serverRoutes } from './routes/servers.ts'
import { revisionRoutes } from './routes/revisions.ts'
import { turnCredentialRoutes } from './routes/turn-credentials.ts'
import { turnListenerRoutes } from './routes/turn-listeners.ts'
import { turnRoutes } from './routes/turn.ts'
import { upgradeRoutes } from './routes/upgrade.ts'
import { userRoutes } from './routes/users.ts'

/** A group of routes over what it needs of the supervisor. */
const GROUPS: readonly ((facts: ControlFacts) => readonly Route[])[] = [
  documentRoutes,
  overviewRoutes,
  gatewayRoutes,
  overloadRoutes,
  cacheRoutes,
  upgradeRoutes,
  nameRoutes,
  diagnosticRoutes,
  configReadingRoutes,
  configRoutes,
  balancerRoutes,
  changeRoutes,
  revisionRoutes,
  operationRoutes,
  rolloutRoutes,
  certificateRoutes,
  certificateToolRoutes,
  resourceRoutes,
  changesetRoutes,
  middlewareRoutes,
  longFormRoutes,
  serverRoutes,
  turnListenerRoutes,
  turnRoutes,
  turnCredentialRoutes,
  authRoutes,
  ownPasswordRoutes,
  signInLinkRoutes,
  secondFactorRoutes,
  userRoutes,
  tokenRoutes,
  signInRoutes,
  auditRoutes,
  eventRoutes,
  figureRoutes,
  explainRoutes,
  requestRoutes,
  dashboardRoutes,
]

export function routesOf(facts: ControlFacts): readonly Route[] {
  const routes = GROUPS.flatMap((group) => group(facts))
  routes.push(...describingRoutes(() => routes, facts))
  return routes
}
