"""For compiled code: loads and stores that nothing is moved past, and addresses as pointers.

A counter that is stored with `release` and loaded with `acquire` publishes the samples written before it. A
`fence` lets a reader ask afterwards whether what it copied was being overwritten meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _inlined(function: Callable[..., Any]) -> Any:
    """`numba.extending.intrinsic`, without its types: they are those of the typing function."""
    return intrinsic(function)


def _slot(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to ``array[index]``."""
    view = context.make_array(kind)(context, builder, array)
    return cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
        context, builder, kind, view, [index], wraparound=False
    )


@_inlined
def acquire(typing_context: Any, array: Any, index: Any) -> Any:
    """``array[index]`` (int64); nothing that follows is read before it."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        slot = _slot(context, builder, signature.args[0], *args)
        return builder.load_atomic(slot, "acquire", 8)

    return types.int64(array, types.intp), build


@_inlined
def release(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value`` (int64); all that was written before is seen by who sees this."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        slot = _slot(context, builder, signature.args[0], *args[:2])
        builder.store_atomic(args[2], slot, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), build


@_inlined
def fence(typing_context: Any) -> Any:
    """No load or store passes this point in either direction."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), build


def _pointer_to(kind: Any) -> Any:
    pointer: Any = types.CPointer(kind)  # type: ignore[no-untyped-call]

    @_inlined
    def cast(typing_context: Any, address: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return pointer(types.int64), build

    return cast


f32_at = _pointer_to(types.float32)
f64_at = _pointer_to(types.float64)
i64_at = _pointer_to(types.int64)


@_inlined
def call_port_buffer(typing_context: Any, function: Any, port: Any, n_samples: Any) -> Any:
    """``function(port, n_samples)`` of the C function at that address: ``void *(void *, uint32)``."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = ir.IntType(64)
        kind = ir.FunctionType(address, [address, ir.IntType(32)])
        call = builder.inttoptr(args[0], kind.as_pointer())
        return builder.call(call, [args[1], builder.trunc(args[2], ir.IntType(32))])

    return types.int64(types.int64, types.int64, types.int64), build
