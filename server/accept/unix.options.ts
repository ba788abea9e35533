import { Type } from '@sinclair/typebox'
import { FileMode, GroupName } from '../lib/kinds.ts'

/** Of a listener whose `bind` may name Unix sockets. */
export const UnixOptions = Type.Optional(
  Type.Object(
    {
      mode: FileMode({
        default: '0660',
        description: "Mode of the socket's file: who may write to it may connect.",
      }),
      group: Type.Optional(
        GroupName({
          description:
            "Name (of /etc/group) or number of the group that its file is given to; the gateway's user must be a member of it, or root. Default: the gateway's own.",
        }),
      ),
    },
    { description: 'Who may connect to the Unix sockets among its addresses.' },
  ),
)
