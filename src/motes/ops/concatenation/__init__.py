"""CONCATENATION and PACK: several tensors become one."""
