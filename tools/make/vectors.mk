# The golden cases of spec/vectors/: made by tests/vectors/, checked by the tests of common/money.

VECTORS_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/vectors/*.c tests/support/*.c))
$(BUILD)/tests/make_vectors: $(VECTORS_OBJECTS) $(COMMON_ARCHIVES)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: vectors
vectors: $(BUILD)/tests/make_vectors ## make spec/vectors/ again (signatures are random)
	@rm -f spec/vectors/*.json
	@$< spec/vectors
