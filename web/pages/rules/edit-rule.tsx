// A rule that is there, opened: what is changed goes into the draft at once, and nowhere else.
import { change, changeCount, changeOf, create, discard } from '../../data/draft.ts'
import type { JsonMap } from '../../data/merge.ts'
import { merged } from '../../data/merge.ts'
import { ruleResource } from '../../data/rule-order.ts'
import { count } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { NO_DRAWER } from './address.ts'
import type { Drawn } from './drawn.ts'
import { RuleForm } from './rule-form.tsx'
import { discardOf, removeRule } from './rule-menu.ts'
import type { ShownRule } from './shown-rules.ts'
import { useTried } from './use-tried.ts'

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
  address,
  mayEdit,
  onClose,
}: EditRuleProps & { readonly one: ShownRule }) {
  const { id, item, rule, etag, draft } = one
  const resource = ruleResource(id)
  const tried = useTried(changeOf(resource))
  const isNew = item === null
  const patch = (next: JsonMap): void => {
    const drafted = changeOf(resource)
    // One that only the draft has is known by its name: with another name it is another.
    if (drafted?.op === 'create' && typeof next['name'] === 'string' && next['name'] !== '') {
      discard(resource)
      create('rules', merged(drafted.value, next) as JsonMap, drafted.position)
      address.set({ edit: next['name'] })
    } else change(resource, { etag, configured: item?.configured ?? {} }, next)
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
        <Deeds one={one} onLike={() => address.set({ ...NO_DRAWER, like: id }, true)} onClose={onClose} />
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
      <Field
        label="Name"
        help="In logs, metrics and this list."
        was={
          item !== null && rule['name'] !== item.configured['name']
            ? String(item.configured['name'])
            : undefined
        }
        error={tried.errors['/name']}
      >
        <TextField
          value={String(rule['name'] ?? id)}
          isDisabled={isGone || !mayEdit || isNew}
          onInput={(name) => patch({ name })}
        />
      </Field>
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

interface DeedsProps {
  readonly one: ShownRule
  readonly onLike: () => void
  readonly onClose: () => void
}

function Deeds({ one, onLike, onClose }: DeedsProps) {
  const { id, item, draft } = one
  const line = item?.place.line
  const isGone = draft === 'gone'
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
      <Button needs="editor" isWhyHidden onPress={onLike}>
        Duplicate
      </Button>
      {line !== undefined && <Button href={to(`/config?line=${line}`)}>Show in file</Button>}
      {!isGone && item !== null && (
        <Button kind="danger" needs="editor" isWhyHidden onPress={() => removeRule(one)}>
          Remove
        </Button>
      )}
    </>
  )
}
