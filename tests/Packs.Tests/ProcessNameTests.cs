namespace Slipway.Packs.Tests;

public sealed class ProcessNameTests
{
    [Theory]
    [InlineData("worker", true)]
    [InlineData("2-Mail_out", true)]
    [InlineData("", false)]
    [InlineData("-worker", false)]
    [InlineData("_worker", false)]
    [InlineData("a.b", false)]
    [InlineData("a/b", false)]
    [InlineData("worker\n", false)]
    [InlineData("größe", false)]
    [InlineData("a234567890123456789012345678901234567890", true)]
    [InlineData("a2345678901234567890123456789012345678901", false)]
    public void A_process_has_a_name_that_fits_into_one_of_a_container(string name, bool valid) => Assert.Equal(valid, ProcessName.IsValid(name));
}
