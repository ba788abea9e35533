// A rule that is there, opened: what is changed goes into the draft at once, and nowhere else.
import { useState } from 'preact/hooks'
import { change, changeCount, changeOf, create, discard } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { ruleResource } from '../../data/rule-order.ts'
import { count } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { useTriedChange } from '../../data/use-tried-change.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Menu, type MenuItem } from '../../parts/popover.tsx'
import { Tag } from '../../parts/status.tsx'
import { NO_DRAWER } from './address.ts'
import type { Drawn } from './drawn.ts'
import { RuleForm } from './rule-form.tsx'
import { draftOrder } from './draft-order.ts'
import { discardOf, removal, removeRule } from './rule-menu.ts'
import type { ShownRule } from './shown-rules.ts'

interface EditRuleProps extends Drawn {
  readonly id: string
  readonly onClose: () => void
}

export function EditRule(props: EditRuleProps) {
  const { id, all, onClose } = props
  const one = all.find((rule) => rule.id === id)
  if (one === undefined)
    return (
      <Drawer title={id} onClose={onClose}>
        {all.length === 0 ? (
          <Loading lines={6} />
        ) : (
          <Note state="unk" title={`There is no rule ${id}`}>
            It may have been renamed or removed, by somebody or in the file.
          </Note>
        )}
      </Drawer>
    )
  return <Opened {...props} one={one} />
}

function Opened({
  one,
  listeners,
  backends,
  all,
  address,
  mayEdit,
  onClose,
}: EditRuleProps & { readonly one: ShownRule }) {
  const { id, item, rule, etag, draft } = one
  const resource = ruleResource(id)
  const tried = useTriedChange(changeOf(resource))
  const isNew = item === null
  const patch = (next: JsonMap): void => change(resource, { etag, configured: item?.configured ?? {} }, next)
  // One that only the draft has is known by its name: with another name it is another, at the same place.
  const rename = (name: string): void => {
    const items = all.flatMap((other) => other.item ?? [])
    const order = all.map((other) => (other.id === id ? name : other.id))
    discard(resource)
    create('rules', { ...rule, name })
    draftOrder(items, order)
    address.set({ edit: name })
  }
  const isGone = draft === 'gone'
  return (
    <Drawer
      title={id}
      tag={
        draft === null ? undefined : (
          <Tag state="draft">{isNew ? 'new' : isGone ? 'to be removed' : 'draft'}</Tag>
        )
      }
      onClose={onClose}
      actions={
        <Deeds
          one={one}
          whyNot={can('edit') && !mayEdit ? 'your draft is a text' : null}
          onLike={() => address.set({ ...NO_DRAWER, like: id }, true)}
          onClose={onClose}
        />
      }
    >
      {!can('edit') && (
        <Note state="unk" title="You may look">
          Changing rules needs role editor.
        </Note>
      )}
      {isGone && (
        <Note state="draft" title={`${id} is to be removed`}>
          Requests that it takes now go to the next rule that matches them.
        </Note>
      )}
      {tried.general !== null && (
        <Note state="down" title="The gateway would refuse this">
          {tried.general}
        </Note>
      )}
      {isNew ? (
        <NewName name={id} all={all} isDisabled={!mayEdit} onName={rename} />
      ) : (
        <Field
          label="Name"
          help="In logs, metrics and this list."
          was={rule['name'] === item.configured['name'] ? undefined : String(item.configured['name'])}
          error={tried.errors['/name']}
        >
          <TextField
            value={String(rule['name'] ?? id)}
            isDisabled={isGone || !mayEdit}
            onInput={(name) => patch({ name })}
          />
        </Field>
      )}
      <RuleForm
        {...{ rule, listeners, backends }}
        was={isNew ? undefined : item.configured}
        errors={tried.errors}
        isDisabled={isGone || !mayEdit}
        onPatch={patch}
      />
    </Drawer>
  )
}

interface NewNameProps {
  readonly name: string
  readonly all: readonly ShownRule[]
  readonly isDisabled: boolean
  readonly onName: (name: string) => void
}

/** Taken when the field is left: until then what is typed may be another rule's name. */
function NewName({ name, all, isDisabled, onName }: NewNameProps) {
  const [text, setText] = useState(name)
  const wanted = text.trim()
  const isTaken = wanted !== name && all.some(({ id }) => id === wanted)
  const error = wanted === '' ? 'A rule has a name.' : isTaken ? `There is a rule ${wanted} already.` : null
  const take = (): void => {
    if (error === null && wanted !== name) onName(wanted)
  }
  return (
    <div onFocusOut={take} onKeyDown={(event) => event.key === 'Enter' && take()}>
      <Field label="Name" help="In logs, metrics and this list." error={error}>
        <TextField value={text} isDisabled={isDisabled} onInput={setText} />
      </Field>
    </div>
  )
}

interface DeedsProps {
  readonly one: ShownRule
  /** Why nothing can be changed, whoever looks. */
  readonly whyNot: string | null
  readonly onLike: () => void
  readonly onClose: () => void
}

function Deeds({ one, whyNot, onLike, onClose }: DeedsProps) {
  const { id, item, draft } = one
  const href = item === null ? null : to(`/config?line=${item.place.line}`)
  const edits = { needs: 'editor', disabledWhy: whyNot } as const
  const further: readonly MenuItem[] = [
    { label: 'Duplicate', icon: 'copy', ...edits, onPress: onLike },
    ...(href === null ? [] : [{ label: 'Show in file', icon: 'file', href } as const]),
    ...(draft === 'gone' || item === null ? [] : [removal(one, whyNot)]),
  ]
  const takeBack = (): void => {
    discardOf(id)
    if (item === null) onClose()
  }
  return (
    <>
      {changeCount.value > 0 && (
        <Button kind="ink" href={to('/review')}>
          Review {count(changeCount.value, 'change')}
        </Button>
      )}
      {draft !== null && (
        <Button icon="undo" onPress={takeBack}>
          {item === null ? 'Drop it' : 'Take back'}
        </Button>
      )}
      {draft === null && changeCount.value === 0 ? (
        <>
          <Button needs="editor" isWhyHidden onPress={onLike}>
            Duplicate
          </Button>
          {href !== null && <Button href={href}>Show in file</Button>}
          <Button
            kind="danger"
            needs="editor"
            isWhyHidden
            disabledWhy={whyNot}
            onPress={() => removeRule(one)}
          >
            Remove
          </Button>
        </>
      ) : (
        <Menu label={`More for ${id}`} items={further} />
      )}
    </>
  )
}
