// A key of limits that a user has written.
import type { Exchange } from '../http/exchange.ts'
import { messageOf } from '../plugins/load.ts'
import { logEvent } from '../telemetry/log.ts'
import type { StepWorld } from './middleware.ts'
import { RequestView } from './plugin-views.ts'

/** What of the world it takes. */
export type PluginWorld = Pick<StepWorld, 'plugin' | 'counter' | 'now'>

const KEY_MAX = 1024
/** What one throws with each request is told so often. */
const TELL_EVERY_MS = 10_000

/** Where it gives no text, or throws, the request has no key. */
export function pluginKey(name: string, { plugin, counter, now }: PluginWorld): (x: object) => string | null {
  const keyOf = plugin(name)?.exports.rateLimitKey
  if (typeof keyOf !== 'function') return () => null
  const view = new RequestView()
  let toldMs = Number.NEGATIVE_INFINITY
  return (x) => {
    try {
      const key: unknown = keyOf(view.over(x as Exchange))
      return typeof key === 'string' && key !== '' && key.length <= KEY_MAX ? key : null
    } catch (error) {
      counter('plugin_failures_total', [name, 'key']).add(1)
      if (now() - toldMs >= TELL_EVERY_MS) {
        toldMs = now()
        logEvent('warn', 'plugin_failed', { plugin: name, part: 'key', why: messageOf(error) })
      }
      return null
    }
  }
}
