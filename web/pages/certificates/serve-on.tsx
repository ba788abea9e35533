// Which listeners are to serve a certificate that is about to be there.
import { Field } from '../../parts/field.tsx'
import css from './certificates.module.css'
import type { ServingListener } from './listeners.ts'

export interface ServeOnProps {
  readonly listeners: readonly ServingListener[] | null
  readonly chosen: readonly string[]
  readonly onPick: (chosen: readonly string[]) => void
}

export function ServeOn({ listeners, chosen, onPick }: ServeOnProps) {
  const fit = (listeners ?? []).filter(({ canServe }) => canServe)
  const help =
    listeners === null
      ? 'Asking which there are.'
      : fit.length === 0
        ? 'There is none that ends TLS yet: the certificate is kept, and served once an https listener names it.'
        : chosen.length === 0
          ? 'Nobody serves it until a listener names it.'
          : 'Clients that ask for one of its names get it; all others what they got before.'
  return (
    <Field label="Served by" isGroup help={help}>
      <div class={css.choices}>
        {fit.map(({ name }) => (
          <label key={name} class={css.choice}>
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={({ currentTarget: { checked } }) =>
                onPick(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
              }
            />
            {name}
          </label>
        ))}
      </div>
    </Field>
  )
}

/** The first choice: the one https listener there is. */
export function onlyOne(listeners: readonly ServingListener[] | null): readonly string[] {
  const fit = (listeners ?? []).filter(({ canServe }) => canServe)
  return fit.length === 1 && fit[0] !== undefined ? [fit[0].name] : []
}
