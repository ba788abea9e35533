// The config's schema, read once for all forms.
import { computed, type ReadonlySignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Formed, type Schema, schemaOf, type Sent } from './config-schema.ts'
import { useHeld } from './held.ts'

/** The schema of one of these; null: it has not come yet. */
export function useConfigSchema(of: Formed, protocol?: string): ReadonlySignal<Schema | null> {
  const held = useHeld('GET /api/v1/config/schema', {})
  return useMemo(
    () =>
      computed(() => {
        const { value } = held.value
        return value === null ? null : schemaOf(value as Sent, of, protocol)
      }),
    [held, of, protocol],
  )
}
