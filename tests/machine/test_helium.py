"""Vector instructions and loops, decoded: assembled by zig, with what the tables of Arm say of each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from motes.helium import PREDICATE, VECTORS, Vector, decode

# Instruction; family, pipeline, latency, beats; registers read; registers written.
TABLE = """
vldrb.u8 q0, [r1], #16            ; vldr    memory   1  2; r1       ; r1 q0
vldrb.s16 q1, [r2, #8]!           ; vldr    memory   1  2; r2       ; r2 q1
vldrh.u32 q2, [r3], #8            ; vldr    memory   1  2; r3       ; r3 q2
vldrw.u32 q7, [sp, #-16]          ; vldr    memory   1  2; r13      ; q7
vldrw.u32 q3, [r4, q5, uxtw #2]   ; vldr    memory   2  4; r4 q5    ; q3
vldrb.u8 q3, [r4, q5]             ; vldr    memory   2 16; r4 q5    ; q3
vldrw.u32 q2, [q6, #4]!           ; vldr    memory   2  4; q6       ; q2 q6
vld20.8 {q0, q1}, [r0]            ; vldr    memory   2  2; r0       ; q0 q1
vld43.32 {q0, q1, q2, q3}, [r5]!  ; vldr    memory   2  2; r5       ; r5 q0 q1 q2 q3
vst21.16 {q2, q3}, [r1]!          ; vstr    memory   1  2; r1 q2 q3 ; r1
vstrb.8 q4, [r6], #16             ; vstr    memory   1  2; r6 q4    ; r6
vstrb.16 q4, [r6]                 ; vstr    memory   1  2; r6 q4    ;
vstrh.32 q4, [r6, q2]             ; vstr    memory   1  4; r6 q2 q4 ;
vmov r2, r3, q0[2], q0[0]         ; vmov    multiply 1  2; q0       ; r2 r3
vmov q1[3], q1[1], r5, r6         ; vmov    integer  1  2; r5 r6    ; q1
vdup.8 q3, r9                     ; vdup    integer  1  2; r9       ; q3
vdup.32 q4, r8                    ; vdup    integer  1  2; r8       ; q4
vand q0, q1, q2                   ; vadd    integer  1  2; q1 q2    ; q0
vmov q5, q6                       ; vadd    integer  1  2; q6       ; q5
vadd.i8 q0, q1, q2                ; vadd    integer  1  2; q1 q2    ; q0
vmul.i32 q1, q2, q3               ; vmul    multiply 2  2; q2 q3    ; q1
vqdmulh.s32 q1, q2, q3            ; vmul    multiply 2  2; q2 q3    ; q1
vqrdmulh.s32 q1, q2, q3           ; vmul    multiply 2  2; q2 q3    ; q1
vmax.s32 q0, q1, q2               ; vadd    integer  1  2; q1 q2    ; q0
vabd.s8 q0, q1, q2                ; vadd    integer  1  2; q1 q2    ; q0
vqadd.s8 q0, q1, q2               ; vadd    integer  1  2; q1 q2    ; q0
vshl.s32 q0, q1, q2               ; vshl    integer  1  2; q1 q2    ; q0
vqshl.s32 q0, q1, q2              ; vshl    integer  2  2; q1 q2    ; q0
vrshl.s32 q0, q1, q2              ; vshl    integer  2  2; q1 q2    ; q0
vqrshl.s32 q0, q1, q2             ; vshl    integer  2  2; q1 q2    ; q0
vneg.s8 q0, q1                    ; vone    integer  1  2; q1       ; q0
vrev64.8 q2, q3                   ; vone    integer  1  2; q3       ; q2
vmvn q2, q3                       ; vone    integer  1  2; q3       ; q2
vmov.i32 q1, #0                   ; vmov    multiply 2  2;          ; q1
vmov.i8 q1, #5                    ; vmov    multiply 2  2;          ; q1
vorr.i32 q2, #1                   ; vmov    multiply 2  2;          ; q2
vshl.i32 q0, q1, #3               ; vshift  integer  1  2; q1       ; q0
vshr.s32 q0, q1, #3               ; vshift  integer  1  2; q1       ; q0
vrshr.s32 q0, q1, #3              ; vshift  integer  2  2; q1       ; q0
vsli.32 q0, q1, #3                ; vshift  integer  1  2; q0 q1    ; q0
vsri.32 q0, q1, #3                ; vshift  integer  1  2; q0 q1    ; q0
vqshl.s32 q0, q1, #3              ; vshift  integer  2  2; q1       ; q0
vmovlb.s8 q0, q1                  ; vshll   integer  1  2; q1       ; q0
vmovlt.u16 q2, q3                 ; vshll   integer  1  2; q3       ; q2
vshllb.s8 q0, q1, #8              ; vshll   integer  1  2; q1       ; q0
vshrnb.i32 q0, q1, #4             ; vshrn   integer  3  2; q0 q1    ; q0
vrshrnt.i16 q0, q1, #4            ; vshrn   integer  3  2; q0 q1    ; q0
vqshrnb.s32 q0, q1, #4            ; vshrn   integer  3  2; q0 q1    ; q0
vqshrunb.s32 q0, q1, #4           ; vshrn   integer  3  2; q0 q1    ; q0
vqrshrunt.s16 q0, q1, #4          ; vshrn   integer  3  2; q0 q1    ; q0
vmovnb.i32 q2, q3                 ; vmovn   integer  3  2; q2 q3    ; q2
vmovnt.i16 q2, q3                 ; vmovn   integer  3  2; q2 q3    ; q2
vqmovnb.s32 q2, q3                ; vmovn   integer  3  2; q2 q3    ; q2
vqmovunt.s16 q2, q3               ; vmovn   integer  3  2; q2 q3    ; q2
vshlc q2, r5, #8                  ; vshlc   integer  1  2; r5 q2    ; r5 q2
vmladav.s8 r2, q1, q2             ; vmladav multiply 2  2; q1 q2    ; r2
vmladava.s8 r4, q1, q2            ; vmladav multiply 2  2; r4 q1 q2 ; r4
vmladavax.s16 r4, q1, q2          ; vmladav multiply 2  2; r4 q1 q2 ; r4
vmladava.s32 lr, q1, q2           ; vmladav multiply 2  2; r14 q1 q2; r14
vmlsdava.s16 r4, q1, q2           ; vmladav multiply 2  2; r4 q1 q2 ; r4
vmlaldava.s16 r2, r5, q1, q2      ; vmladav multiply 2  2; r2 r5 q1 q2; r2 r5
vmlaldav.s32 r2, r5, q1, q2       ; vmladav multiply 2  2; q1 q2    ; r2 r5
vrmlaldavha.s32 r2, r5, q1, q2    ; vmladav multiply 2  2; r2 r5 q1 q2; r2 r5
vaddv.s8 r2, q3                   ; vaddv   multiply 2  2; q3       ; r2
vaddva.s32 r2, q3                 ; vaddv   multiply 2  2; r2 q3    ; r2
vaddlv.s32 r2, r3, q4             ; vaddlv  multiply 2  2; q4       ; r2 r3
vaddlva.s32 r2, r3, q4            ; vaddlv  multiply 2  2; r2 r3 q4 ; r2 r3
vmaxv.s8 r3, q2                   ; vmaxv   integer  2  2; r3 q2    ; r3
vminv.s32 r3, q2                  ; vmaxv   integer  4  2; r3 q2    ; r3
vmaxav.s16 r3, q2                 ; vmaxv   integer  3  2; r3 q2    ; r3
vabav.s8 r3, q1, q2               ; vabav   integer  3  2; r3 q1 q2 ; r3
vpst                              ; vpst    control  1  2;          ; p
vaddt.i32 q0, q1, q2              ; vadd    integer  1  2; q1 q2    ; q0
vpnot                             ; vpst    control  1  2;          ; p
vpsel q1, q2, q3                  ; vpsel   integer  1  2; q2 q3 p  ; q1
vcmp.s8 gt, q1, q2                ; vcmp    multiply 1  2; q1 q2    ; p
vcmp.i32 eq, q1, r3               ; vcmp    multiply 1  2; r3 q1    ; p
vcmp.i32 eq, q1, zr               ; vcmp    multiply 1  2; r15 q1    ; p
vpt.s32 lt, q1, r3                ; vcmp    multiply 1  2; r3 q1    ; p
vaddt.i32 q0, q1, q2              ; vadd    integer  1  2; q1 q2    ; q0
vctp.8 r3                         ; vctp    control  1  2; r3       ; p
vidup.u32 q0, r2, #4              ; vidup   integer  1  2; r2       ; r2 q0
vddup.u8 q0, r2, #1               ; vidup   integer  1  2; r2       ; r2 q0
viwdup.u32 q1, r2, r3, #1         ; vidup   integer  1  2; r2       ; r2 q1
vadd.i32 q0, q1, r3               ; vadd    integer  1  2; r3 q1    ; q0
vhadd.s8 q0, q1, r3               ; vadd    integer  1  2; r3 q1    ; q0
vqadd.s8 q0, q1, r3               ; vadd    integer  1  2; r3 q1    ; q0
vqsub.u16 q0, q1, r3              ; vadd    integer  1  2; r3 q1    ; q0
vmul.i32 q0, q1, r3               ; vmul    multiply 2  2; r3 q1    ; q0
vqdmulh.s32 q0, q1, r3            ; vmul    multiply 2  2; r3 q1    ; q0
vqrdmulh.s16 q0, q1, r3           ; vmul    multiply 2  2; r3 q1    ; q0
vmla.i32 q0, q1, r3               ; vmla    multiply 2  2; r3 q0 q1 ; q0
vmlas.i32 q0, q1, r3              ; vmla    multiply 2  2; r3 q0 q1 ; q0
vqdmlah.s32 q0, q1, r3            ; vmla    multiply 2  2; r3 q0 q1 ; q0
vqrdmlash.s32 q0, q1, r3          ; vmla    multiply 2  2; r3 q0 q1 ; q0
vqdmullb.s32 q0, q1, r3           ; vmul    multiply 2  2; r3 q1    ; q0
vqdmullb.s32 q0, q1, q2           ; vmul    multiply 2  2; q1 q2    ; q0
vbrsr.8 q0, q1, r3                ; vbrsr   integer  1  2; r3 q1    ; q0
vshl.s32 q0, r3                   ; vshl    integer  1  2; r3 q0    ; q0
vqshl.s32 q0, r3                  ; vshl    integer  2  2; r3 q0    ; q0
vrshl.s32 q0, r3                  ; vshl    integer  2  2; r3 q0    ; q0
vmullb.s8 q0, q1, q2              ; vmul    multiply 2  2; q1 q2    ; q0
vmullt.u16 q0, q1, q2             ; vmul    multiply 2  2; q1 q2    ; q0
vmullb.p8 q0, q1, q2              ; vmul    multiply 2  2; q1 q2    ; q0
vmulh.s32 q0, q1, q2              ; vmul    multiply 2  2; q1 q2    ; q0
vrmulh.u16 q0, q1, q2             ; vmul    multiply 2  2; q1 q2    ; q0
vqdmladh.s32 q0, q1, q2           ; vmul    multiply 2  2; q0 q1 q2 ; q0
vqrdmlsdhx.s16 q0, q1, q2         ; vmul    multiply 2  2; q0 q1 q2 ; q0
vadc.i32 q0, q1, q2               ; vadc    integer  2  2; q1 q2    ; q0
vcadd.i32 q0, q1, q2, #90         ; vadd    integer  1  2; q1 q2    ; q0
vhcadd.s8 q0, q1, q2, #270        ; vadd    integer  1  2; q1 q2    ; q0
dls lr, r3                        ; dls     control  1  1; r3       ; r14
dlstp.8 lr, r3                    ; dls     control  1  1; r3       ; r14
lctp                              ; lctp    control  1  1; r15      ; r14
"""
OTHERS = """
e: nop.w
bl e
b.w e
beq.w e
vldr s3, [r2]
vadd.f32 s1, s2, s3
vmov r2, s3
vmov r2, r3, d1
vldmia r0!, {s2}
vpush {d8, d9}
lsll r2, r3, #3
asrl r2, r3, r4
csel r0, r1, r2, eq
ldrd r0, r1, [r2]
strd r0, r1, [r2], #8
smlad r0, r1, r2, r3
sdiv r0, r1, r2
ldmia.w r0, {r1, r2, r9}
"""
LOOP = """
l: wls lr, r3, e
m: nop
le lr, m
letp lr, l
e: nop
"""
ROWS = [[column.strip() for column in line.split(";")] for line in TABLE.strip().splitlines()]


def assembled(text: str, where: Path) -> bytes:
    """The machine code of this text."""
    (where / "code.s").write_text(f".syntax unified\n.thumb\n{text}\n")
    target = ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m55+mve_fp")
    subprocess.run(
        (sys.executable, "-m", "ziglang", "cc", *target, "-c", "code.s", "-o", "code.o"), cwd=where, check=True
    )
    with (where / "code.o").open("rb") as file:
        return bytes(ELFFile(file).get_section_by_name(".text").data())


def decoded(code: bytes, at: int) -> Vector | None:
    return decode(*(int.from_bytes(code[at + i : at + i + 2], "little") for i in (0, 2)), at)


def names(registers: frozenset[int]) -> str:
    def name(n: int) -> str:
        return f"r{n}" if n < VECTORS else "p" if n == PREDICATE else f"q{n - VECTORS}"

    return " ".join(map(name, sorted(registers)))


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return assembled("\n".join(row[0] for row in ROWS), tmp_path_factory.mktemp("table"))


def test_every_row_takes_32_bits(code: bytes) -> None:
    assert len(code) == 4 * len(ROWS)


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[row[0] for row in ROWS])
def test_vector_instructions(row: int, code: bytes) -> None:
    found = decoded(code, 4 * row)
    assert found is not None
    kind = f"{found.name} {found.pipe} {found.latency} {found.beats}"
    assert [kind, names(found.reads), names(found.writes)] == [" ".join(ROWS[row][1].split()), *ROWS[row][2:]]


def test_other_instructions_are_left_to_the_disassembler(tmp_path: Path) -> None:
    code = assembled(OTHERS, tmp_path)
    assert len(code) == 4 * len(OTHERS.strip().splitlines())
    assert [decoded(code, at) for at in range(0, len(code), 4)] == [None] * (len(code) // 4)


def test_loops_tell_where_they_go(tmp_path: Path) -> None:
    code = assembled(LOOP, tmp_path)
    begins, ends, ends_by_lanes = (decoded(code, at) for at in (0, 6, 10))
    assert begins is not None and (begins.name, begins.target) == ("wls", 14)
    assert ends is not None and (ends.name, ends.target) == ("le", 4)
    assert ends_by_lanes is not None and (ends_by_lanes.name, ends_by_lanes.target) == ("le", 0)
