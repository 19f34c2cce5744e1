# spec/dcep.cddl against the declared records, the fuzz corpus and the vectors.

$(BUILD)/tests/dump_cddl: $(BUILD)/tests/cddl/dump_cddl.o $(BUILD)/lib/common_wire.a \
        $(BUILD)/lib/common_base.a
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: cddl-check
cddl-check: $(BUILD)/tests/dump_cddl ## spec/dcep.cddl says what the code does
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cddl/check_cddl.py $<
