// The filter as it is typed: at once for the list, and in the address when it is let alone for a moment: the
// whole frame looks at that.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Address } from './address.ts'

const AFTER_MS = 300

export function useFilter({ query, set }: Address): readonly [filter: string, put: (text: string) => void] {
  const inAddress = query.get('q') ?? ''
  const [filter, setFilter] = useState(inAddress)
  const written = useRef(inAddress)
  useEffect(() => {
    // The way back, or a link: what is in the address is what is meant.
    if (inAddress !== written.current) setFilter(inAddress)
    written.current = inAddress
  }, [inAddress])
  useEffect(() => {
    if (filter === written.current) return
    const timer = setTimeout(() => {
      written.current = filter
      set({ q: filter === '' ? null : filter })
    }, AFTER_MS)
    return () => clearTimeout(timer)
  }, [filter])
  return [filter, setFilter]
}
