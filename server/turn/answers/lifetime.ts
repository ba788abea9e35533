// How long an allocation lives (RFC 8656 §7.2).
import type { TurnListenerConfig } from '../turn.options.ts'

/**
 * For what the client asked for, in seconds; null: nothing. Never less than the default, nor more than the
 * most.
 */
export function lifetimeMs({ relay }: TurnListenerConfig, askedS: number | null): number {
  if (relay === false) return 0
  const usualMs = Math.min(relay.lifetime, relay.lifetime_max)
  const askedMs = (askedS ?? 0) * 1000
  return Math.floor(Math.max(usualMs, Math.min(askedMs, relay.lifetime_max)) / 1000) * 1000
}
