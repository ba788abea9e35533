// By what sessions stay with their server, and how.
import type { JsonMap } from '../../data/merge.ts'
import { can } from '../../data/session.ts'
import { SelectField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Panel } from '../../parts/panel.tsx'
import css from './config-panels.module.css'
import type { PanelRow } from './config-panels.tsx'
import { byOf, KINDS, type Kept, patchTo } from './session-words.ts'
import type { DraftOf } from './use-draft-of.ts'

export function SessionsPanel({ draft }: { readonly draft: DraftOf }) {
  const by = byOf(draft.value['sticky'])
  const was = byOf(draft.configured['sticky'])
  const kind = KINDS.find(({ value }) => value === by)
  return (
    <Panel title="Sessions">
      <Field
        label="Sessions stay by"
        right="default nothing"
        help={kind?.about}
        was={was === by ? undefined : (KINDS.find(({ value }) => value === was)?.label ?? '')}
      >
        <SelectField
          value={by}
          options={KINDS}
          isDisabled={!can('edit')}
          onInput={(next) =>
            draft.put({ sticky: patchTo(next as Kept, draft.value['sticky']) } as unknown as JsonMap)
          }
        />
      </Field>
      {(by === 'cookie' || by === 'learn') && (
        <p class={css.below}>
          Secrets are written in the YAML; without one the gateway uses its own. Machines that are to know
          each other’s sessions need the same.
        </p>
      )}
    </Panel>
  )
}

const UNDER = ['sticky']
const ATTRIBUTES: PanelRow = {
  title: 'Attributes of the cookie',
  under: UNDER,
  only: ['path', 'domain', 'secure', 'http_only', 'same_site', 'strip', 'cache'],
}
const LEARNT: PanelRow = { title: 'Servers and caches', under: UNDER, only: ['strip', 'cache'] }

const PANELS: Readonly<Record<Kept, readonly PanelRow[]>> = {
  nothing: [],
  cookie: [
    { title: 'The session', under: UNDER, only: ['cookie', 'ttl', 'sliding', 'drain', 'full'] },
    ATTRIBUTES,
  ],
  learn: [{ title: 'The session', under: UNDER, only: ['learn', 'cookie', 'drain', 'full'] }, LEARNT],
  header: [{ title: 'The session', under: UNDER, only: ['header', 'drain'] }],
  client_ip: [{ title: 'The session', under: UNDER, only: ['drain'] }],
}

/** The fields of the way that is chosen. */
export const sessionPanels = (draft: DraftOf): readonly PanelRow[] => PANELS[byOf(draft.value['sticky'])]
