// How busy backends and servers are: per second, over the last ten seconds.
import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useHeld } from './held.ts'

export interface Rates {
  readonly requests_per_s: number
  readonly client_errors_per_s: number
  readonly server_errors_per_s: number
  readonly faults_per_s: number
  readonly connections_per_s: number
  readonly bytes_in_per_s: number
  readonly bytes_out_per_s: number
  readonly active: number
  readonly p50_ms: number | null
  readonly p95_ms: number | null
  readonly p99_ms: number | null
}

interface Told {
  readonly backends?: readonly (Rates & { readonly name: string })[]
  readonly servers?: readonly (Rates & { readonly backend: string; readonly server: string })[]
}

export interface AllRates {
  /** False: nothing has come yet, which is not the same as no traffic. */
  readonly isKnown: boolean
  readonly backends: ReadonlyMap<string, Rates>
  /** Of servers by `BACKEND SERVER`. */
  readonly servers: ReadonlyMap<string, Rates>
}

/** Of all that were busy; who is not there was not. */
export function useRates(): ReadonlySignal<AllRates> {
  const held = useHeld('GET /api/v1/stats/now', {}, { everyMs: 2000 })
  return useComputed(() => {
    const told = held.value.value as Told | null
    return {
      isKnown: told !== null,
      backends: new Map(told?.backends?.map((one) => [one.name, one])),
      servers: new Map(told?.servers?.map((one) => [`${one.backend} ${one.server}`, one])),
    }
  })
}

/** The share of requests that were answered with 5xx; null: there was no request. */
export const failedShare = (rates: Rates | undefined): number | null =>
  rates === undefined || rates.requests_per_s === 0 ? null : rates.server_errors_per_s / rates.requests_per_s
