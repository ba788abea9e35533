// The store of a running gateway, and what is said when there is none.
import { logEvent } from '../telemetry/log.ts'
import { StoreKeeper } from './store/store-keeper.ts'

const NOT_KEPT =
  'traffic goes on; until it can be opened the admin API knows no users and tokens, no history is kept, and servers that were ordered out of use before this start get work'

const WAITS = 'it is kept in memory until then, and lost if the gateway is killed meanwhile'

/** Opened at first need. `data`: its folder; null: there is no config yet. */
export const storeOf = (data: () => string | null): StoreKeeper =>
  new StoreKeeper({
    data,
    onNotOpen: ({ message, hint }) =>
      logEvent('warn', 'store_not_open', { why: message, hint: `${hint}; ${NOT_KEPT}` }),
    onWaiting: (kind, { message, hint }) =>
      logEvent('warn', 'store_waits', { what: kind, why: message, hint: `${hint}; ${WAITS}` }),
    onKept: (kind, facts) => logEvent('info', 'store_kept_again', { what: kind, ...facts }),
  })
